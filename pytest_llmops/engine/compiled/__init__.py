"""Llama-like models on a CPU in bf16: steps as compiled code, with weights laid out for it.

Whatever rows are beside it, a row is computed in the same order: greedy answers of bf16 do not
depend on their batch.
"""

from pytest_llmops.engine.compiled.runner import CompiledRunner, fits

__all__ = ["CompiledRunner", "fits"]
