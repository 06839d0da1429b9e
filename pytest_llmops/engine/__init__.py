"""The engine: one process that serves a local model, and LoRA adapters of it by name, over HTTP.

It speaks OpenAI-compatible chat completions on loopback, so a local model is reached as any other.
`launch` starts it and needs no torch; everything else in this package runs in the started process,
the modules again in the order of the flow:

    spec                     what is to be served, and what is said to be
    weights                  the embedded model: fetched, verified, converted, kept
    folders, load            a model spec to a folder, proved whole; to a model and a tokenizer
    adapter_config           which LoRA adapters are served, and which are refused
    adapters, linear         LoRA folders, and matrix products with the deltas of a whole batch
    kvcache, step            keys and values of every sequence, and the rows of one forward pass
    attention, drafts        over rows of very different length; guesses at the next tokens
    kernels, threads         what numba compiles for CPUs, and what runs at the same time
    proof                    whether a runner gives the numbers of transformers' own code
    llama, runners           the forward pass, over prompts and single tokens together
    compiled                 the same as one compiled function, in bf16 on a CPU
    rules, sampling          logits as the generation config wants them; logits to a token
    text, job                tokens to text, and where it stops; one answer
    loop                     continuous batching: the thread that keeps the slots full
    protocol, service        what may be asked and how answers look; who waits for which
    server                   chat completions over HTTP
    lifetime, assemble       ending with the parent; everything put together

Two engines of other people stand behind the same command line and ready line:

    foreign, gguf_file       what vLLM and llama.cpp can serve, and how they are started
    warden                   starts one, waits until it serves, ends it in time
"""

from pytest_llmops.engine.launch import EngineProcess, start_engine
from pytest_llmops.engine.spec import EngineSpec

__all__ = ["EngineProcess", "EngineSpec", "start_engine"]
