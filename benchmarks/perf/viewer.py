"""How long `llmops view` takes to open, and to filter: made-up runs, asked over HTTP.

    python benchmarks/perf/viewer.py [--runs 20] [--cases 1000] [--rounds 9]

"open" is the first look at the list in a server that has read nothing yet; other pages are asked
for `--rounds` times. Goals are of CPU seconds, for others may use the machine. 100,000 records:
`--runs 20 --cases 5000`.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import msgspec
from report import made_up

from pytest_llmops.runs.record import RecordFile
from pytest_llmops.viewer.shelf import Shelf

LLMOPS = Path(sys.executable).with_name("llmops")
OPENS, FILTERS = 1.0, 0.15
"""Seconds of CPU that 20 runs of 1,000 cases may take to open, and a filter."""


def write(folder: Path, runs: int, cases: int) -> None:
    """Write runs of four models, as sessions do."""
    for number in range(runs):
        model = ("base", "lora-v1", "lora-v2", "hosted")[number % 4]
        made = made_up(model, number, cases, 1)
        run = msgspec.structs.replace(made.run, id=f"made-{number:04}")
        file = RecordFile(folder, run)
        for record in made.records:
            file.write(record)
        assert made.end
        file.write(made.end)
        file.close()


def pages(names: list[str]) -> dict[str, str]:
    """What is asked for, by what it is."""
    two = f"run={names[0]}&run={names[1]}"
    return {
        "list of runs": "",
        "list, filtered": "?part=1&text=lora",
        "cases by runs": "cases",
        "cases, filtered by words": "cases?part=1&text=file01",
        "cases, filtered by outcome": "cases?part=1&outcome=unsolved&difficulty=hard",
        "cases, hardest first": "cases?part=1&sort=hardest",
        "two runs compared": f"compare?{two}",
        "trend": "trend?measure=solved",
        "models": "models",
        "an attempt": f"attempt?run={names[0]}&case=starter:eval/file00%23function0000",
    }


def main() -> None:
    """Print the table; exit 1 where opening or a filter misses its goal at the usual size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=20, help="how many; 20")
    parser.add_argument("--cases", type=int, default=1000, help="records of each; 1000")
    parser.add_argument("--rounds", type=int, default=9, help="how often a page is asked for; 9")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), options.runs, options.cases)
        names = [shown.name for shown in Shelf(Path(name)).runs()]
        began = time.perf_counter()
        command = [str(LLMOPS), "view", "--runs", name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            address = process.stdout.readline().strip()
            print(f"{options.runs} runs of {options.cases:,} cases")
            print(
                f"started in {time.perf_counter() - began:.2f} s, {used(process.pid):.2f} s of CPU"
            )
            print(f"\n{'seconds':28}{'median':>8}{'slowest':>9}{'CPU':>8}{'kB':>8}")
            missed = measure(process.pid, address, pages(names), options.rounds)
            status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
            peak = int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024
            print(
                f"\n{peak:.0f} MiB at most; goals: open in {OPENS} s, filter in {FILTERS} s of CPU"
            )
            process.terminate()
    sys.exit(1 if missed and options.runs * options.cases <= 20_000 else 0)


def used(process: int) -> float:
    """Seconds of CPU that a process has used so far."""
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(process: int, address: str, asked: dict[str, str], rounds: int) -> bool:
    """Ask for every page, print what it took, and say whether a goal is missed."""
    missed = False
    with httpx.Client(base_url=address, timeout=120, trust_env=False) as client:
        client.get("page.css")  # connects
        for name, page in {"open": "", **asked}.items():
            walls, before = [], used(process)
            for _ in range(1 if name == "open" else rounds):
                began = time.perf_counter()
                answer = client.get(page).raise_for_status()
                walls.append(time.perf_counter() - began)
            cpu = (used(process) - before) / len(walls)
            median, size = statistics.median(walls), len(answer.content) / 1000
            print(f"{name:28}{median:8.3f}{max(walls):9.3f}{cpu:8.3f}{size:8.0f}", flush=True)
            missed |= name == "open" and cpu > OPENS
            missed |= "filtered" in name and cpu > FILTERS
            if name == "open":
                client.get("trend")  # the first of its kind waits for statistics to be imported
    return missed


if __name__ == "__main__":
    main()
