"""The sinks compared with each other: what can be found again, how fast, and at what cost."""
