"""Which harness wrote a log, and the run that it tells of."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from pytest_llmops.errors import RecordError
from pytest_llmops.imports.assembly import Asked, Log
from pytest_llmops.imports.deepeval import read_deepeval
from pytest_llmops.imports.documents import decoded
from pytest_llmops.imports.harbor import RESULT, read_harbor
from pytest_llmops.imports.inspect import read_inspect
from pytest_llmops.imports.lm_eval import RESULTS, read_lm_eval
from pytest_llmops.imports.mini_swe_agent import TRAJECTORY, read_mini_swe_agent
from pytest_llmops.imports.promptfoo import read_promptfoo
from pytest_llmops.runs.stored import records_file


class Harness(NamedTuple):
    """How the logs of one harness are read."""

    read: Callable[[Path, Asked], Log]
    takes: frozenset[str]
    """The choices of the user that mean something for its logs, of the fields of `Asked`."""


HARNESSES: Mapping[str, Harness] = {
    "inspect": Harness(read_inspect, frozenset({"scorer", "cluster_by"})),
    "harbor": Harness(read_harbor, frozenset({"scorer", "cluster_by"})),
    "promptfoo": Harness(read_promptfoo, frozenset({"model", "cluster_by"})),
    "lm-eval": Harness(read_lm_eval, frozenset({"scorer", "cluster_by"})),
    "deepeval": Harness(read_deepeval, frozenset({"scorer", "cluster_by"})),
    "mini-swe-agent": Harness(read_mini_swe_agent, frozenset({"scores", "cluster_by"})),
}
"""By the name that `llmops import` knows."""


class _Head(msgspec.Struct):
    """What tells JSON logs from other documents, and from each other."""

    eval: msgspec.Raw = msgspec.Raw(b"{}")
    evalId: msgspec.Raw = msgspec.Raw()  # noqa: N815 - as it is written there
    testCases: msgspec.Raw = msgspec.Raw()  # noqa: N815
    testRunData: msgspec.Raw = msgspec.Raw()  # noqa: N815
    lm_eval_version: msgspec.Raw = msgspec.Raw()
    trajectory_format: str = ""


def harness_of(path: Path) -> str:
    """Which harness wrote what lies there; "" where none that is known did."""
    if path.is_dir():
        return _of_folder(path)
    if not path.is_file():
        return ""
    if path.suffix == ".eval":
        return "inspect"
    return _of_document(path) if path.suffix == ".json" else ""


def _of_folder(path: Path) -> str:
    if records_file(path).is_file():
        return ""
    if (path / RESULT).is_file():
        return "harbor"
    if any(path.glob(RESULTS)) and any(path.glob("samples_*.jsonl")):
        return "lm-eval"
    return "mini-swe-agent" if any(path.glob(f"*/*{TRAJECTORY}")) else ""


def _of_document(path: Path) -> str:
    try:
        head = _head(path)
    except (msgspec.DecodeError, OSError, UnicodeDecodeError, RecordError):
        return ""
    if head.trajectory_format.startswith("mini-swe-agent"):
        return "mini-swe-agent"
    found = {
        "inspect": b'"eval_id"' in bytes(head.eval),
        "promptfoo": bool(bytes(head.evalId)),
        "lm-eval": bool(bytes(head.lm_eval_version)),
        "deepeval": bool(bytes(head.testCases) or bytes(head.testRunData)),
    }
    return next((name for name, told in found.items() if told), "")


def _head(path: Path) -> _Head:
    content = path.read_bytes()
    try:
        return msgspec.json.decode(content, type=_Head)
    except msgspec.DecodeError:  # of NaN, for example, for which msgspec writes null
        return msgspec.json.decode(msgspec.json.encode(decoded(content, path)), type=_Head)


def read_log(path: Path, harness: str = "", asked: Asked = Asked()) -> Log:  # noqa: B008 - frozen
    """Read a log.

    Args:
        path: A file, or the folder of a job.
        harness: Which one wrote it; by default it is told from the log.
        asked: What the user wants of it.

    Raises:
        RecordError: It is none, cannot be read, or has nothing of what was asked for.
    """
    if not path.exists():
        raise RecordError(f"{path}: no such file or folder")
    name = harness or harness_of(path)
    if name not in HARNESSES:
        raise RecordError(f"{path}: not a log of {' or '.join(HARNESSES)}")
    found = HARNESSES[name]
    for field, value in msgspec.structs.asdict(asked).items():
        if value and field not in found.takes:
            raise RecordError(f"--{field.replace('_', '-')}: logs of {name} have nothing for it")
    log = _checked(found.read(path, asked), name)
    _refuse_incomplete(log)
    return log


def _checked(log: Log, harness: str) -> Log:
    """The log, known to hold what its fields say: readers take over what a file has.

    Raises:
        RecordError: It has a text for a number, a negative count or what cannot be written.
    """
    try:
        written = msgspec.json.encode(log, enc_hook=str)
        return msgspec.json.decode(written, type=Log, dec_hook=lambda kind, text: kind(text))
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
        raise RecordError(f"{log.path}: not a log as {harness} writes it: {error}") from None


def _refuse_incomplete(log: Log) -> None:
    keys = Counter((attempt.case, attempt.sample) for attempt in log.attempts)
    if not log.attempts:
        raise RecordError(f"{log.path}: it has no attempts")
    if len(log.attempts) != log.expected:
        raise RecordError(
            f"{log.path}: {len(log.attempts)} attempts of {log.expected}: samples are missing"
        )
    if len(keys) < len(log.attempts):
        (case, sample), count = keys.most_common(1)[0]
        raise RecordError(f"{log.path}: {case}: sample {sample + 1} is there {count} times")
