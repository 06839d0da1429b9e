"""The other contenders of generation.py, each run as a process: `generation_rivals.py NAME`.

Reads one line of settings as JSON, then for every line, chats and a limit of output tokens, answers
all and prints one line: seconds, output and prompt tokens, texts. Imports nothing of this
project, for the interpreter that has llama.cpp may not have it.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from itertools import takewhile
from typing import Any

Chat = list[dict[str, str]]
Answers = tuple[int, int, list[str]]
"""Output tokens, prompt tokens, texts."""


def generate(settings: dict[str, Any]) -> Callable[[list[Chat], int], Answers]:
    """Return transformers' `generate` over left-padded batches."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(settings["threads"])
    folder, size = settings["folder"], settings["batch"]
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, settings["dtype"]))
    model.to(settings["device"])
    ends = model.generation_config.eos_token_id
    ends = set(ends if isinstance(ends, list) else [ends])

    def run(chats: list[Chat], limit: int) -> Answers:
        output, prompt, texts = 0, 0, []
        prompts = [
            tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
            for chat in chats
        ]
        for first in range(0, len(prompts), size):
            batch = tokenizer(
                prompts[first : first + size],
                return_tensors="pt",
                padding=True,
                add_special_tokens=False,
            ).to(settings["device"])
            out = model.generate(**batch, max_new_tokens=limit, do_sample=False)
            rows = [_through_end(row, ends) for row in out[:, batch.input_ids.shape[1] :].tolist()]
            output += sum(map(len, rows))
            prompt += int(batch.attention_mask.sum())
            texts += tokenizer.batch_decode(rows, skip_special_tokens=True)
        return output, prompt, texts

    return run


def _through_end(tokens: list[int], ends: set[int]) -> list[int]:
    """Cut the padding behind the first end token."""
    before = list(takewhile(lambda token: token not in ends, tokens))
    return tokens[: len(before) + 1]


def llama(settings: dict[str, Any]) -> Callable[[list[Chat], int], Answers]:
    """Return llama.cpp, one prompt after another."""
    llama_cpp = importlib.import_module("llama_cpp")
    model = llama_cpp.Llama(
        settings["gguf"],
        n_ctx=8192,
        n_threads=settings["threads"],
        n_threads_batch=settings["threads"],
        verbose=False,
    )

    def run(chats: list[Chat], limit: int) -> Answers:
        output, prompt, texts = 0, 0, []
        for chat in chats:
            answer = model.create_chat_completion(chat, max_tokens=limit, temperature=0)
            choice, usage = answer["choices"][0], answer["usage"]
            output += usage["completion_tokens"] + (choice["finish_reason"] == "stop")
            prompt += usage["prompt_tokens"]
            texts.append(choice["message"]["content"])
        return output, prompt, texts

    return run


def openvino_genai(settings: dict[str, Any]) -> Callable[[list[Chat], int], Answers]:
    """Return the batching pipeline of OpenVINO GenAI, all numbers in bf16 as the engine's are."""
    import numpy
    from transformers import AutoTokenizer

    genai, openvino = map(importlib.import_module, ("openvino_genai", "openvino"))
    place = f"{settings['made']}/openvino"
    # 4 GB of keys and values: `batch` times `context` tokens with room to spare.
    told = {"max_num_seqs": settings["batch"], "cache_size": 4, "enable_prefix_caching": True}
    plan = genai.SchedulerConfig()
    for name, value in told.items():
        setattr(plan, name, value)
    _export(settings["folder"], place)
    exact = {"INFERENCE_PRECISION_HINT": "bf16", "KV_CACHE_PRECISION": "bf16"}
    pipeline = genai.ContinuousBatchingPipeline(place, plan, "CPU", exact)
    tokenizer = AutoTokenizer.from_pretrained(settings["folder"])
    end = tokenizer.eos_token_id

    def run(chats: list[Chat], limit: int) -> Answers:
        prompts = [
            tokenizer.apply_chat_template(chat, add_generation_prompt=True) for chat in chats
        ]
        encoded = [
            tokens if isinstance(tokens, list) else tokens["input_ids"] for tokens in prompts
        ]
        config = genai.GenerationConfig(
            max_new_tokens=limit, do_sample=False, eos_token_id=end, stop_token_ids={end}
        )
        given = [openvino.Tensor(numpy.array([tokens], dtype=numpy.int64)) for tokens in encoded]
        found = pipeline.generate(given, [config] * len(chats))
        rows = [list(one.m_generation_ids[0]) for one in found]
        texts = tokenizer.batch_decode(rows, skip_special_tokens=True)
        # An answer that ended by itself has its end token counted, whether or not it is returned.
        ended = sum(len(row) < limit and row[-1:] != [end] for row in rows)
        return sum(map(len, rows)) + ended, sum(map(len, encoded)), texts

    return run


def _export(folder: str, place: str) -> None:
    """Convert a model to OpenVINO's form in half precision."""
    main_export = importlib.import_module("optimum.exporters.openvino").main_export
    config = importlib.import_module("optimum.intel").OVConfig(dtype="fp16")
    main_export(folder, place, task="text-generation-with-past", ov_config=config)


def main() -> None:
    """Serve the contender that the command line names."""
    contender = {"generate": generate, "llama": llama, "openvino": openvino_genai}[sys.argv[1]]
    run = contender(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        start = time.perf_counter()
        asked = json.loads(line)
        output, prompt, texts = run(asked["chats"], asked["limit"])
        result = {"seconds": time.perf_counter() - start, "output": output}
        print(json.dumps(result | {"prompt": prompt, "texts": texts}), flush=True)


if __name__ == "__main__":
    main()
