"""Tokens a second of the engine against bare batched `generate` and llama.cpp, in one run.

    python benchmarks/perf/generation.py [--cases 64] [--rounds 3] [--max-tokens 256] [--batch 32]
        [--turns 1] [--dtype auto] [--llama-python PYTHON [--gguf FILE]] [--output FILE]

The prompts are those of the starter suite's `eval` cases for `base` of models.toml, decoding is
greedy. Every contender answers all of them in each round, one contender after the other, each in a
process of its own that sleeps meanwhile: a machine that changes its speed changes it for all.
Figures are medians over the rounds. A token is an output token; the end token counts for everyone.
With `--turns 3` each answer is sent back twice with a complaint, as a repair loop does, and a round
has all turns: contexts grow, and who keeps what was computed is faster.

- engine: all requests at once over HTTP, as the plugin sends them
- generate: transformers' `generate` on left-padded batches of `--batch` prompts, same dtype
- llama.cpp: one prompt after another through llama-cpp-python (`--llama-python` names an
  interpreter that has it), with the GGUF file that the embedded model is made from; it reuses what
  two neighbouring prompts share, as it does by default
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from pytest_llmops.cases import load_cases, load_suites
from pytest_llmops.engine import EngineProcess, EngineSpec, start_engine
from pytest_llmops.engine.launch import engine_environment
from pytest_llmops.engine.weights import DEFAULT, EMBEDDED, embedded_folder, fetch_gguf
from pytest_llmops.models import resolve
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.prompts.prompt import build_messages
from pytest_llmops.tasks.sources import open_source

ROOT = Path(__file__).parents[2]
RIVALS = Path(__file__).with_name("generation_rivals.py")
Chat = list[dict[str, str]]
COMPLAINT = "The tests fail:\n" + "".join(
    f"- case {n}: expected {n * 7}, received {n * 5}\n" for n in range(1, 9)
)
Round = dict[str, Any]
"""`seconds`, `output` and `prompt` tokens, and the `texts`."""


class Worker:
    """A contender in a process of its own: settings once, then chats in, a Round out."""

    def __init__(self, python: str, name: str, settings: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [python, str(RIVALS), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=engine_environment(os.environ),
        )
        self._send(json.dumps(settings))

    def run(self, chats: list[Chat], limit: int) -> Round:
        """Answer every prompt with at most `limit` tokens."""
        assert self._process.stdout
        self._send(json.dumps({"chats": chats, "limit": limit}))
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a contender ended with status {self._process.wait()}")
        result: Round = json.loads(line)
        return result

    def _send(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()


def starter_chats(count: int) -> list[Chat]:
    """Return the prompts of `count` cases, taken evenly over the suite's `eval` split."""
    suite = load_suites(ROOT / "cases" / "suites.toml")["starter"]
    cases = [case for case in load_cases(suite) if case.split == "eval"]
    chosen = cases[:: max(1, len(cases) // count)][:count]
    tree = open_source(suite)
    model, _ = resolve("base", ROOT / "models.toml")
    budget = getattr(model, "context_tokens", 1000)
    tasks = [materialize(case, tree) for case in chosen]
    return [
        [
            {"role": message.role, "content": message.content}
            for message in build_messages(task, context_tokens=budget)
        ]
        for task in tasks
    ]


def engine_round(engine: EngineProcess, chats: list[Chat], limit: int) -> Round:
    """Send all requests at once and wait for the last answer."""

    async def send_all() -> list[dict[str, Any]]:
        limits = httpx.Limits(max_connections=len(chats))
        async with httpx.AsyncClient(timeout=3600, limits=limits) as client:
            body = {"model": "base", "max_tokens": limit, "temperature": 0}
            url = f"{engine.url}/chat/completions"
            posts = [client.post(url, json=body | {"messages": chat}) for chat in chats]
            return [answer.raise_for_status().json() for answer in await asyncio.gather(*posts)]

    start = time.perf_counter()
    answers = asyncio.run(send_all())
    seconds = time.perf_counter() - start
    usages = [answer["usage"] for answer in answers]
    return {
        "seconds": seconds,
        "output": sum(usage["completion_tokens"] for usage in usages),
        "prompt": sum(usage["prompt_tokens"] for usage in usages),
        "cached": sum(usage["prompt_tokens_details"]["cached_tokens"] for usage in usages),
        "texts": [answer["choices"][0]["message"]["content"] for answer in answers],
    }


def conversation(
    run: Callable[[list[Chat], int], Round], chats: list[Chat], options: argparse.Namespace
) -> Round:
    """All turns of a round, each with the answers of the one before; counts are summed."""
    total: Round = {}
    for _ in range(options.turns):
        one = run(chats, options.max_tokens)
        sums = {key: total.get(key, 0) + one[key] for key in one if key != "texts"}
        total = {**sums, "texts": one["texts"]}
        chats = [
            [*chat, {"role": "assistant", "content": text}, {"role": "user", "content": COMPLAINT}]
            for chat, text in zip(chats, one["texts"], strict=True)
        ]
    return total


def measure(options: argparse.Namespace, chats: list[Chat]) -> dict[str, Any]:
    """Run all contenders, interleaved; return every round and the engine's peak memory."""
    spec = EngineSpec(base=f"embedded:{DEFAULT}", max_batch=options.batch, dtype=options.dtype)
    with ExitStack() as stack:
        engine = stack.enter_context(start_engine(spec))
        model = engine.models["base"]
        settings = {"threads": os.cpu_count(), "batch": options.batch}
        folder = {
            "folder": str(embedded_folder(DEFAULT)),
            "dtype": model.dtype,
            "device": model.device,
        }
        generate = stack.enter_context(Worker(sys.executable, "generate", settings | folder))
        contenders: dict[str, Callable[[list[Chat], int], Round]] = {
            "engine": partial(engine_round, engine),
            "generate": generate.run,
        }
        if options.llama_python:
            gguf = options.gguf or _gguf(stack)
            llama = Worker(options.llama_python, "llama", settings | {"gguf": str(gguf)})
            contenders["llama.cpp"] = stack.enter_context(llama).run
        rounds: dict[str, list[Round]] = {name: [] for name in contenders}
        for run in contenders.values():
            run(chats, 2)  # loads, allocates, warms up
        for number in range(options.rounds):
            for name, run in contenders.items():
                rounds[name].append(conversation(run, chats, options))
                print(f"round {number + 1}: {name} {rate(rounds[name][-1:]):.1f} tokens/s")
        prompts = {name: run(chats, 1) for name, run in contenders.items() if name != "llama.cpp"}
        return {"rounds": rounds, "prompts": prompts, "peak": engine.peak_memory(), "model": model}


def _gguf(stack: ExitStack) -> Path:
    place = stack.enter_context(tempfile.TemporaryDirectory())
    return fetch_gguf(EMBEDDED[DEFAULT], Path(place))


def rate(rounds: list[Round]) -> float:
    """Return the median of output tokens per second."""
    speeds: list[float] = [one["output"] / one["seconds"] for one in rounds]
    return statistics.median(speeds)


def equal_share(one: Round, other: Round) -> float:
    """Return the share of prompts that two contenders answer with the same text."""
    pairs = list(zip(one["texts"], other["texts"], strict=True))
    return sum(bool(a == b) for a, b in pairs) / len(pairs)


def show(found: dict[str, Any]) -> dict[str, Any]:
    """Print the table and return the figures."""
    rounds, engine = found["rounds"], rate(found["rounds"]["engine"])
    table = Table("", "output tokens/s", "engine is", "prompt tokens/s", "texts as generate's")
    figures = {}
    for name, own in rounds.items():
        prompts = found["prompts"].get(name)
        figures[name] = {
            "tokens_per_second": rate(own),
            "engine_is_times": engine / rate(own),
            "prompt_tokens_per_second": prompts and prompts["prompt"] / prompts["seconds"],
            "equal_share": equal_share(own[-1], rounds["generate"][-1]),
            "seconds": [one["seconds"] for one in own],
            "output_tokens": own[-1]["output"],
            "prompt_tokens": own[-1]["prompt"],
            "cached_tokens": own[-1].get("cached"),
        }
        row = figures[name]
        speed = row["prompt_tokens_per_second"]
        table.add_row(
            name,
            f"{row['tokens_per_second']:.1f}",
            f"{row['engine_is_times']:.2f} x",
            f"{speed:.0f}" if speed else "",
            f"{row['equal_share']:.0%}",
        )
    Console().print(table)
    peak = f"{found['peak'] / 1e6:.0f} MB" if found["peak"] else "unknown"
    print(f"engine: {found['model'].dtype}, peak memory {peak}")
    return figures | {"peak_memory": found["peak"], "dtype": found["model"].dtype}


def main() -> None:
    """Parse, measure, show."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cases", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-tokens", type=int, default=256)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--llama-python", help="interpreter that has llama_cpp")
    parser.add_argument("--gguf", type=Path, help="default: out of the wheel of the base")
    parser.add_argument("--output", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    figures = show(measure(options, starter_chats(options.cases)))
    if options.output:
        settings = {key: str(value) for key, value in vars(options).items()}
        options.output.write_text(json.dumps({"settings": settings} | figures, indent=2))


if __name__ == "__main__":
    main()
