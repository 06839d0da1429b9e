"""OpenTelemetry, to a collector; Langfuse takes the same traces.

otlp            spans, and how they are sent
exact, metrics  a run as metrics
sink            traces, metrics and logs as a sink
"""
