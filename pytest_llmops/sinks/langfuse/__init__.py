"""Langfuse.

public_api   its API as delivery uses it
sink         suites as datasets, runs as experiments, attempts as traces
"""
