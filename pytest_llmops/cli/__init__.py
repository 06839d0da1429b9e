"""The `llmops` command: a module a subject, put together in `main`."""
