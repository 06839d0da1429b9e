"""A run in numbers: counted in `summary`, drawn in `terminal`."""
