"""What `llmops history` and `llmops runs` take over a folder of many runs: memory and seconds.

    python benchmarks/perf/many_runs.py [--runs 240] [--cases 1000]

The runs are made up, of one model, and all can be compared. Memory is the peak of the command's
process (`ru_maxrss`, started by a small process).
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from compare import make_run

LLMOPS = Path(sys.executable).with_name("llmops")
MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def main() -> None:
    """Write the runs, and measure both commands."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=240, help="how many; 240")
    parser.add_argument("--cases", type=int, default=1000, help="records of each; 1000")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.runs):
            make_run(Path(folder), f"made-{number:06}", records=options.cases, samples=1)
        for command in (["history"], ["runs", "--last", "0"]):
            line = [str(LLMOPS), *command, "--runs", folder]
            measure = [sys.executable, "-c", MEASURE, *line]
            began = time.monotonic()
            done = subprocess.run(measure, capture_output=True, text=True, check=True)
            seconds, peak = time.monotonic() - began, int(done.stdout) / 1024
            records = options.runs * options.cases
            print(f"{command[0]}: {records:,} records, {peak:.0f} MiB, {seconds:.1f} s")


if __name__ == "__main__":
    main()
