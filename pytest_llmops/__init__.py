"""Benchmark code models with pytest: tokens, quality and traces of every case.

The modules are the stages of the flow, in the order of `FLOW`; a module imports only from those
before it, and only `plugin` knows pytest.
"""

__version__ = "0.1.0"

FLOW = """
errors cases completions
sources syntax typescript materialize prompt selection
models pacing tokenizer wire client cache engine generate
extract sandbox quality grade
record answers attempt summary report session
reach mutants mine validate
plugin cli
"""
"""What is asked; who is asked, and how; what it is worth; what is kept and shown; how cases are
made and proved; and the wiring."""
