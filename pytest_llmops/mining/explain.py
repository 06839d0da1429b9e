"""`llmops mine functions --explain FILE`: what mining makes of one file, and why, in full.

Nothing is written. Of a test file: what it loads, which imports lead nowhere, what its tests say
and which functions they call. Of a source file: what became of each of its functions.
"""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from pytest_llmops.cases import Case
from pytest_llmops.errors import CaseError
from pytest_llmops.mining.measure import Measured
from pytest_llmops.mining.mine import Miner
from pytest_llmops.mining.reach import is_source
from pytest_llmops.mining.refused import Rejection
from pytest_llmops.sandbox import TestReport
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.sources import SourceTree


def explained(path: str, tree: SourceTree, miner: Miner) -> Iterator[str]:
    """Lines for a person.

    Raises:
        CaseError: The tree has no such file.
    """
    name = PurePosixPath(path).as_posix()
    if not (tree.root / name).is_file():
        hint = "name it from the top of the source tree"
        raise CaseError(f"{path}: no such file in {tree.root}; {hint}")
    if name in miner.tests():
        yield from _test_file(name, miner)
    else:
        yield from _source_file(name, tree, miner)


def _test_file(name: str, miner: Miner) -> Iterator[str]:
    seen = miner.survey([name])[name]
    measured = miner.measure([name])[name]
    if measured.refusal:
        yield from _refused(name, measured.refusal)
    else:
        yield f"{name}: a test file that may judge cases"
    if measured.said:
        yield f"  {measured.said}"
    yield from _loads(name, seen)
    yield from _tests(measured)
    if measured.reached:
        yield "  calls:"
        yield from (f"    {path}#{symbol}" for path, symbol in measured.reached)


def _refused(name: str, refusal: Rejection) -> Iterator[str]:
    yield f"{name}: {refusal.reason}" + (f": {refusal.detail}" if refusal.detail else "")
    if refusal.remedy:
        yield f"  to do: {refusal.remedy}"


def _loads(name: str, seen: TestReport) -> Iterator[str]:
    others = [path for path in seen.files if path != name]
    yield f"  loads {len(others)} file{'s' * (len(others) != 1)} of the tree:"
    yield from (f"    {path}" for path in others)
    if seen.missing:
        yield "  imports that lead nowhere:"
        yield from (f"    {why}" for why in seen.missing)


def _tests(measured: Measured) -> Iterator[str]:
    counts = len(measured.passing), len(measured.failing), len(measured.flaky)
    yield "  tests: {} pass, {} fail, {} pass at times".format(*counts)
    yield from (f"    fails: {title}: {message}" for title, message in measured.failing)
    yield from (f"    passes at times: {one.title}: {one.detail}" for one in measured.flaky)


def _source_file(name: str, tree: SourceTree, miner: Miner) -> Iterator[str]:
    tests = [test for test, seen in miner.survey(miner.tests()).items() if name in seen.files]
    measured = miner.measure(tests)
    yield f"{name}: loaded by {len(tests)} test file{'s' * (len(tests) != 1)}"
    for test, one in measured.items():
        yield f"  {test}: {one.refusal.reason if one.refusal else 'may judge cases'}"
    if not is_source(name):
        yield "  its functions are no cases: it serves tests, or a program wrote it"
        return
    mined = miner.prove(measured, within=name)
    outcomes: dict[str, Case | Rejection] = {one.symbol: one for one in mined.cases}
    outcomes |= {one.symbol: one for one in mined.rejections}
    for declaration in parse_module(tree.read(name), name).declarations:
        yield from _function(declaration.symbol, outcomes.get(declaration.symbol))
    yield from (f"  in quarantine: {one.path} > {one.title}" for one in mined.quarantine)


def _function(symbol: str, outcome: Case | Rejection | None) -> Iterable[str]:
    if outcome is None:
        return [f"  {symbol}: no test calls it"]
    if isinstance(outcome, Rejection):
        return [f"  {line}" for line in _refused(symbol, outcome)]
    tests = ", ".join(file.path for file in outcome.tests)
    return [f"  {symbol}: a case, judged by {len(outcome.expected)} tests of {tests}"]
