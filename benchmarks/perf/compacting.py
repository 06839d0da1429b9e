"""What `llmops compact` saves of a run, and what reading it as a stream takes.

    python benchmarks/perf/compacting.py RUN... [--records 100000] [--rounds 3]

Size is that of each recorded run that is named: made-up texts would compress as nobody's do. Time
and memory are of a run of `--records` attempts: those of the first RUN over and over, each
with a case and hashes of its own. Of that one the ratio means nothing, so it is not printed. A
process of its own reads the attempts one by one, decoded whole, in turns of both kinds of file; its
CPU time counts, as the median of the rounds, and its peak of memory, with Python and pyarrow in it.
"""

import argparse
import gzip
import hashlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from pytest_llmops.runs.compact import compact, expand
from pytest_llmops.runs.reading import find_run, read_run
from pytest_llmops.runs.record import RECORDS, End, RecordFile
from pytest_llmops.runs.stored import stored

READ = """
import json, sys, time
from pathlib import Path
from pytest_llmops.runs.reading import run_lines
began = time.process_time()
count = sum(1 for _ in run_lines(Path(sys.argv[1]))[1])
seconds = time.process_time() - began
(held,) = (line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(json.dumps([count, seconds, int(held) / 1024]))
"""


def saved(path: Path) -> None:
    """Print the sizes of a run."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / RECORDS
        with stored(path) as found:
            copy.write_bytes(b"".join(found.lines()))
        size, zipped = copy.stat().st_size, len(gzip.compress(copy.read_bytes()))
        smaller = compact(copy).stat().st_size
    run = read_run(path, content=False)
    count, samples = len(run.records), run.run.samples
    print(
        f"{run.run.id}: {count:,} attempts, {samples} a case, {size / count:,.0f} bytes each: "
        f"{smaller / size:.1%} of the JSON lines, {smaller / count:,.0f} bytes an attempt; "
        f"gzip {zipped / size:.1%}"
    )


def repeated(path: Path, records: int, folder: Path) -> Path:
    """A run of so many attempts, made of those of another."""
    found = read_run(path)
    run = msgspec.structs.replace(found.run, id="repeated", cases=records, attempts=records)
    file = RecordFile(folder, run)
    for number in range(records):
        record = found.records[number % len(found.records)]
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        file.write(
            msgspec.structs.replace(record, case=f"{record.case}{number}", text_sha256=digest)
        )
    file.write(found.end or End(finished=0.0, exit_status=0))
    file.close()
    return file.path


def read(path: Path) -> tuple[float, float]:
    """Read all attempts in a process of its own: CPU seconds, and its peak in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], check=True, capture_output=True, text=True
    )
    _, seconds, mebibytes = json.loads(done.stdout)
    return seconds, mebibytes


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("references", nargs="+", metavar="RUN", help="recorded runs, with texts")
    parser.add_argument("--records", type=int, default=100_000, help="attempts; 0 for none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="FOLDER")
    options = parser.parse_args()
    paths = [find_run(name, options.runs) for name in options.references]
    for path in paths:
        saved(path)
    if not options.records:
        return
    with tempfile.TemporaryDirectory() as folder:
        plain = repeated(paths[0], options.records, Path(folder))
        copy = Path(folder) / "copy" / RECORDS
        copy.parent.mkdir()
        shutil.copy(plain, copy)
        size, began = plain.stat().st_size / 2**20, time.perf_counter()
        compacted = compact(copy)
        written = time.perf_counter() - began
        rounds = [(read(plain), read(compacted)) for _ in range(options.rounds)]
        began = time.perf_counter()
        same = expand(compacted).read_bytes() == plain.read_bytes()
        back = time.perf_counter() - began
    lines, rows = zip(*rounds, strict=True)
    ratios = [other[0] / one[0] for one, other in rounds]
    print(
        f"{options.records:,} attempts, {size:,.0f} MiB: compacted in {written:.0f} s, back in "
        f"{back:.0f} s, {'the same bytes' if same else 'OTHER BYTES'}\n"
        f"read as JSON lines: {statistics.median(one[0] for one in lines):.1f} s, "
        f"{max(one[1] for one in lines):.0f} MiB\n"
        f"read compacted:     {statistics.median(one[0] for one in rows):.1f} s, "
        f"{max(one[1] for one in rows):.0f} MiB; {statistics.median(ratios):.2f} times the time "
        f"({min(ratios):.2f} to {max(ratios):.2f})"
    )
    if not same:
        sys.exit(1)


if __name__ == "__main__":
    main()
