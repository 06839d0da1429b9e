"""`llmops validate --repeat N`: which tests pass at times, and their marks in the manifests."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console

from pytest_llmops.cases import Case, Suite
from pytest_llmops.errors import CaseError
from pytest_llmops.manifests import load_cases, rewrite
from pytest_llmops.mining.curate import Setup
from pytest_llmops.mining.curate_validate import choose, findings_table
from pytest_llmops.mining.marking import marked
from pytest_llmops.mining.repeat import AtTimes, Repeated, repeated
from pytest_llmops.mining.validate import NOTES, Finding

TO_DO = "to do: make them independent of time and chance, or leave them out with --mark"


def run_repeat(
    suites: Iterable[Suite], setup: Setup, times: int, *, ids: Sequence[str] = (), mark: bool
) -> int:
    """Run references many times and say which tests pass at times.

    Args:
        suites: The suites.
        setup: Where their trees are and where they are run.
        times: How often.
        ids: Cases; all where there is none.
        mark: Mark these tests in the manifests, in all cases of a suite that have them.

    Returns:
        Exit status: 0 where every test that judges passes every time, or is marked now; else 1.

    Raises:
        CaseError: See `curate_validate.choose`; or nothing is to be repeated.
        SourceError, SandboxError, PlaceError: A tree or the sandbox cannot be had.
    """
    if times < 2:
        raise CaseError("--repeat needs at least 2 runs: one cannot differ from itself")
    console = Console()
    findings: list[Finding] = []
    count = 0
    for suite, cases in choose(suites, ids):
        with setup.open(suite) as (tree, judge, crew):
            found = repeated(cases, tree, judge, crew, times)
            for line in _told(found, suite):
                console.print(line, highlight=False, markup=False, soft_wrap=True)
            wanted = [one for one in found.flaky if not one.is_known] if mark else []
            done = marked(load_cases(suite), wanted, tree, judge, crew) if wanted else None
        count += len(cases)
        for case in done.lines.values() if done else ():
            console.print(_of_case(case), highlight=False, markup=False, soft_wrap=True)
        left = [one for one in found.findings if done is None or one.fault != "flaky"]
        findings += left + (done.findings if done else [])
        for path in rewrite(suite, done.lines) if done else ():
            console.print(f"{path}: written", highlight=False, markup=False, soft_wrap=True)
    others = [one for one in findings if one.fault != "flaky"]  # each of these tests was told of
    if others:
        console.print(findings_table(others))
    if len(others) < len(findings):
        console.print(TO_DO, highlight=False)
    faults = {one.case_id for one in findings if one.fault not in NOTES}
    said = f"{count} cases, {times} runs each: {count - len(faults)} steady, {len(faults)} not"
    console.print(said, highlight=False)
    return 1 if faults else 0


def _told(found: Repeated, suite: Suite) -> Iterator[str]:
    yield from (line for one in found.flaky for line in _of_test(one, suite))
    for one in found.steady:
        always = f"marked as flaky, passes in all of {one.runs} runs"
        yield f"{suite.name}: {always}: {one.id} of {one.path}"

    for late in found.late:
        yield f"{suite.name}: over its own time limit, not counted: {late}"


def _of_test(one: AtTimes, suite: Suite) -> Iterator[str]:
    where = f"{suite.name} {one.tree}".strip()
    counted = f"failed in {one.test.failed} of {one.test.runs} runs"
    judged = "marked as flaky" if one.is_known else f"judges {one.judges} cases"
    yield f"{where}: {one.test.path} > {one.title}: {counted}, {judged}"
    yield f"      {one.test.id}: {one.message}"


def _of_case(case: Case) -> str:
    if case.quarantine:
        return f"in quarantine: {case.id}: {case.quarantine}"
    return (
        f"marked: {case.id}: judged by {len(case.expected)} tests, without {len(case.flaky)} flaky"
    )
