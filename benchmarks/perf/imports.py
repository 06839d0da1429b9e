"""What gates over the logs of another harness cost: `llmops gate A.eval B.eval`, pair by pair.

    python benchmarks/perf/imports.py [--logs 20] [--samples 48 1000] [--output FILE]

The log is one that Inspect wrote (`tests/imports/harness_logs`), of 48 samples, or of more: made so
by repeating its samples under new ids. A process of its own reads, recounts and judges all pairs,
so that its peak memory is its own. Seconds are without its start.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from pytest_llmops.imports.archive import members

LOGS = Path(__file__).parents[2] / "tests" / "imports" / "harness_logs" / "inspect"


def grown(source: Path, target: Path, samples: int) -> Path:
    """A log of at least so many samples: those of `source`, again and again under new ids."""
    found = {name: json.loads(content) for name, content in members(source)}
    header = found["header.json"]
    given = [one for name, one in found.items() if name.startswith("samples/")]
    rounds = -(-samples // len(given))
    known = header["eval"]["dataset"]["sample_ids"]
    header["eval"]["dataset"]["sample_ids"] = [
        f"{name}-{number}" for number in range(rounds) for name in known
    ]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps(header))
        for number in range(rounds):
            for one in given:
                name = f"{one['id']}-{number}"
                text = json.dumps({**one, "id": name})
                archive.writestr(f"samples/{name}_epoch_{one['epoch']}.json", text)
    return target


def gate(files: list[Path]) -> None:
    """Gate each log against the one before it, and print what it took."""
    began = time.perf_counter()
    from pytest_llmops.compare.gate import compare_runs
    from pytest_llmops.imports.assembly import run_of
    from pytest_llmops.imports.logs import read_log

    verdicts = []
    for one, other in zip(files[::2], files[1::2], strict=True):
        comparison = compare_runs(run_of(read_log(one)), run_of(read_log(other)), listed=False)
        verdicts.append(comparison.verdict)
    print(
        json.dumps(
            {
                "verdicts": sorted(set(verdicts)),
                "seconds": time.perf_counter() - began,
                "cpu_seconds": time.process_time(),
                "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="measure what gates over logs of Inspect cost")
    parser.add_argument("--logs", type=int, default=20, help="half of them baselines")
    parser.add_argument("--samples", type=int, nargs="+", default=[48, 1_000])
    parser.add_argument("--output", type=Path)
    parser.add_argument("--gate", type=Path, nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.gate:
        gate(options.gate)
        return
    print("logs   samples a log   MiB a log   total s   CPU s   peak MiB   verdicts")
    rows = []
    for samples in options.samples:
        with tempfile.TemporaryDirectory() as name:
            pair = [
                grown(LOGS / f"{role}.eval", Path(name) / f"{role}.eval", samples)
                for role in ("base", "wordy")
            ]
            command = [sys.executable, __file__, "--gate", *map(str, pair * (options.logs // 2))]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            size = pair[0].stat().st_size / 2**20
        row = {"logs": options.logs, "samples": samples, "log_mib": size, **json.loads(output)}
        rows.append(row)
        print(
            f"{row['logs']:4} {samples:15,} {size:11.1f} {row['seconds']:9.2f} "
            f"{row['cpu_seconds']:7.2f} {row['mib']:10,.0f}   {', '.join(row['verdicts'])}"
        )
    if options.output:
        options.output.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
