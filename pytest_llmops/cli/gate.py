"""`llmops gate` and `llmops bless`: a run against a baseline, and runs made baselines."""

import argparse
from typing import Any

from pytest_llmops.cli.arguments import add_baselines, add_margins, add_runs, margins_of


def add(commands: Any) -> None:
    """Declare the commands."""
    _add_gate(commands)
    _add_bless(commands)


def _add_gate(commands: Any) -> None:
    command = commands.add_parser(
        "gate", help="compare a recorded run with a baseline; exit 0 held, 1 regressed, 6 undecided"
    )
    command.add_argument(
        "baseline", metavar="BASELINE", help="a baseline's name, a run, a file, or a model"
    )
    command.add_argument("candidate", metavar="CANDIDATE", help="a run, a file, a model, or latest")
    add_runs(command)
    add_baselines(command)
    add_margins(command)
    command.add_argument(
        "--metrics",
        default="",
        metavar="LIST",
        help="metrics to judge, such as solve-rate,dollars (default: all that can be compared)",
    )
    command.add_argument(
        "--undecided",
        choices=("fail", "pass"),
        default="fail",
        help="whether undecided, where runs are too small to tell, exits 6 or 0 (default: fail)",
    )
    _add_trust(command)
    command.set_defaults(run=_gate)


def _gate(options: argparse.Namespace) -> int:
    from rich.console import Console

    from pytest_llmops.compare.answered import refuse_cached
    from pytest_llmops.compare.finding import find_baseline, find_candidate
    from pytest_llmops.compare.gate import compare_runs
    from pytest_llmops.compare.metrics import parse_metrics
    from pytest_llmops.compare.values import EXIT
    from pytest_llmops.quality.changes import noted
    from pytest_llmops.report.terminal import render
    from pytest_llmops.report.verdict import verdict_parts

    candidate = find_candidate(options.candidate, runs=options.runs, packed=True)
    baseline = find_baseline(
        options.baseline,
        baselines=options.baselines,
        runs=options.runs,
        judged=[candidate.run],
        packed=True,
    )
    if not options.trust_cache:
        refuse_cached(baseline, "baseline")
        refuse_cached(candidate, "candidate")
    metrics = parse_metrics(options.metrics) if options.metrics else ()
    comparison = compare_runs(baseline, candidate, margins_of(options), metrics, listed=False)
    console = Console()
    parts = verdict_parts(noted(comparison, baseline, candidate))
    print(render(parts, width=console.width, color=console.is_terminal))
    if comparison.verdict == "undecided" and options.undecided == "pass":
        print("undecided passes: --undecided pass")
        return 0
    return EXIT[comparison.verdict]


def _add_bless(commands: Any) -> None:
    command = commands.add_parser("bless", help="make a recorded run the baseline of its model")
    command.add_argument("reference", metavar="RUN", help="a run, a file, a model, or latest")
    command.add_argument("--name", default="", help="name of the baseline (default: the model's)")
    command.add_argument(
        "--force",
        action="store_true",
        help="bless even a run that failed, was killed, replays another or has fewer cases",
    )
    add_runs(command)
    add_baselines(command)
    _add_trust(command)
    command.set_defaults(run=_bless)


def _add_trust(command: Any) -> None:
    command.add_argument(
        "--trust-cache",
        action="store_true",
        help="accept answers of an endpoint that are from the completion cache",
    )


def _bless(options: argparse.Namespace) -> int:
    from pytest_llmops.compare.answered import refuse_cached
    from pytest_llmops.compare.baseline import bless, file_name
    from pytest_llmops.compare.finding import find_candidate

    run = find_candidate(options.reference, runs=options.runs)
    if not options.trust_cache:
        refuse_cached(run, "run")
    name = file_name(options.name or run.run.identity.model)
    print(bless(run, options.baselines / f"{name}.jsonl", force=options.force))
    return 0
