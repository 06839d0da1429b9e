"""Tokens a second of the built-in engine, of others, and what the machine allows, in one run.

    python benchmarks/perf/generation.py [--cases 64] [--rounds 3] [--max-tokens 256] [--batch 32]
        [--turns 1] [--dtype auto] [--output FILE]
        [--vllm PYTHON] [--llama-server PROGRAM] [--openvino-python PYTHON] [--llama-python PYTHON]

The prompts are those of the starter suite's `eval` cases for `base` of models.toml, decoding is
greedy. Every contender answers the same `--cases` of them in a round, and others in the next, one
contender after the other, each in a process of its own that sleeps meanwhile: a machine that
changes its speed changes it for all.
Figures are medians over the rounds. A token is an output token; the end token counts for everyone.
With `--turns 3` each answer is sent back twice with a complaint, as a repair loop does, and a round
has all turns: contexts grow, and who keeps what was computed is faster.

Servers get all requests at once over HTTP, as the plugin sends them, and work on `--batch` of them:

- engine: the built-in one
- vLLM, llama.cpp server: as `engine = "vllm"` and `"llama.cpp"` start them (`--vllm` and
  `--llama-server` name what `program` names in models.toml); llama.cpp with the weights in bf16

The others are called without a server:

- generate: transformers' `generate` on left-padded batches of `--batch` prompts, same dtype
- OpenVINO: the batching pipeline of OpenVINO GenAI with weights, products and cache in bf16, of an
  interpreter that has openvino-genai and optimum-intel
- llama.cpp single: one prompt after another through llama-cpp-python, with the quantized GGUF file
  that the embedded model is made from (or `--gguf`); it reuses what two neighbouring prompts share

Last, the limit: what the products and the reads of keys and values of the engine's own round take
at the rates that this machine reaches for them alone (roofline.py).
"""

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

from generation_contenders import Chat, Round, Run, contenders
from rich.console import Console
from rich.table import Table
from roofline import Limit, measure_limit

from pytest_llmops.cases import load_suites
from pytest_llmops.engine.weights import DEFAULT, embedded_folder
from pytest_llmops.manifests import load_cases
from pytest_llmops.models import resolve
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.prompts.prompt import build_messages
from pytest_llmops.tasks.sources import open_source

ROOT = Path(__file__).parents[2]
ONE_BY_ONE = "llama.cpp single"
COMPLAINT = "The tests fail:\n" + "".join(
    f"- case {n}: expected {n * 7}, received {n * 5}\n" for n in range(1, 9)
)


def starter_chats(count: int, split: str) -> list[Chat]:
    """Return the prompts of `count` cases, taken evenly over a split of the suite."""
    suite = load_suites(ROOT / "cases" / "suites.toml")["starter"]
    cases = [case for case in load_cases(suite) if case.split == split]
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


def conversation(run: Run, chats: list[Chat], options: argparse.Namespace) -> Round:
    """All turns of a round, each with the answers of the one before; what is counted is summed."""
    total: Round = {}
    for _ in range(options.turns):
        one = run(chats, options.max_tokens)
        sums = {key: total[key] + one[key] if total else one[key] for key in one if key != "texts"}
        total = {**sums, "texts": one["texts"]}
        chats = [
            [*chat, {"role": "assistant", "content": text}, {"role": "user", "content": COMPLAINT}]
            for chat, text in zip(chats, one["texts"], strict=True)
        ]
    return total


def measure(options: argparse.Namespace, chats: list[Chat]) -> dict[str, Any]:
    """Run all contenders, interleaved; return every round, the limit and the peak memory."""
    with contenders(options) as (found, engine):
        rounds: dict[str, list[Round]] = {name: [] for name in found}
        limits: list[Limit] = []
        # No contender sees a prompt twice, as some keep what they computed of it.
        first, *others = starter_chats(options.batch + 1, "train")
        for run in found.values():
            run([first], 8)  # loads, allocates, warms up
        prompts = {name: run(others, 1) for name, run in found.items() if name != ONE_BY_ONE}
        for number in range(options.rounds):
            for name, run in found.items():
                asked = chats[number :: options.rounds]
                rounds[name].append(conversation(run, asked, options))
                print(f"round {number + 1}: {name} {rate(rounds[name][-1:]):.1f} tokens/s")
            limits.append(measure_limit(embedded_folder(DEFAULT), options.batch))
        model, peak = engine.models["base"], engine.peak_memory()
    return {"rounds": rounds, "prompts": prompts, "limits": limits, "peak": peak, "model": model}


def rate(rounds: list[Round]) -> float:
    """Return the median of output tokens per second."""
    speeds: list[float] = [one["output"] / one["seconds"] for one in rounds]
    return statistics.median(speeds)


def equal_share(one: Round, other: Round) -> float:
    """Return the share of prompts that two contenders answer with the same text."""
    pairs = list(zip(one["texts"], other["texts"], strict=True))
    return sum(bool(a == b) for a, b in pairs) / len(pairs)


def show(found: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
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
    limit = limit_figures(found, options.batch)
    table.add_row(
        "limit", f"{limit['tokens_per_second']:.1f}", f"{engine / limit['tokens_per_second']:.2f} x"
    )
    Console().print(table)
    print(found["limits"][-1])
    peak = f"{found['peak'] / 1e6:.0f} MB" if found["peak"] else "unknown"
    print(f"engine: {found['model'].dtype}, peak memory {peak}")
    return figures | {"limit": limit, "peak_memory": found["peak"], "dtype": found["model"].dtype}


def limit_figures(found: dict[str, Any], batch: int) -> dict[str, Any]:
    """Return what the engine's rounds take at the rates of the machine, each round at its own."""
    speeds = []
    for one, limit in zip(found["rounds"]["engine"], found["limits"], strict=True):
        speeds.append(one["output"] / limit.seconds(one["spans"], one["cached"], batch))
    return {
        "tokens_per_second": statistics.median(speeds),
        "measured": [limit._asdict() for limit in found["limits"]],
    }


def main() -> None:
    """Parse, measure, show."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cases", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-tokens", type=int, default=256)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--vllm", metavar="PYTHON", default="")
    parser.add_argument("--llama-server", metavar="PROGRAM", default="")
    parser.add_argument("--openvino-python", metavar="PYTHON", default="")
    parser.add_argument("--llama-python", help="interpreter that has llama_cpp")
    parser.add_argument("--gguf", type=Path, help="default: out of the wheel of the base")
    parser.add_argument("--output", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    chats = starter_chats(options.cases * options.rounds, "eval")
    if len(chats) < options.cases * options.rounds:
        parser.error(
            f"{len(chats)} cases are too few for --cases times --rounds: each is asked once"
        )
    figures = show(measure(options, chats), options)
    if options.output:
        settings = {key: str(value) for key, value in vars(options).items()}
        options.output.write_text(json.dumps({"settings": settings} | figures, indent=2))


if __name__ == "__main__":
    main()
