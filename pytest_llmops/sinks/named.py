"""The sinks there are, by name."""

SINKS = ("langfuse", "mlflow", "openllmetry")
"""The names `--sink` takes, besides `all`."""
