"""`llmops validate`, and what it shows."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from pytest_llmops.cases import Case, Suite
from pytest_llmops.errors import CaseError
from pytest_llmops.manifests import load_all
from pytest_llmops.mining.alike import alike
from pytest_llmops.mining.curate import Setup
from pytest_llmops.mining.validate import NOTES, Finding, validate


def run_validate(
    suites: Iterable[Suite],
    setup: Setup,
    *,
    ids: Sequence[str] = (),
    beside: Sequence[Suite] = (),
) -> int:
    """Prove the cases of suites, or those named; `beside` are all suites that must be unlike them.

    Returns:
        Exit status: 0 where every case holds, 1 where one does not.

    Raises:
        CaseError: See `choose`.
        SourceError, SandboxError, PlaceError: A tree or the sandbox cannot be had.
    """
    chosen = choose(suites, ids)
    known = {case.id for _, cases in chosen for case in cases}
    findings: list[Finding] = []
    for suite, cases in chosen:
        with setup.open(suite) as (tree, pool, crew):
            findings += validate(cases, tree, pool, crew)
    findings += alike(known, beside)
    console = Console()
    if findings:
        console.print(findings_table(findings))
    faults = [finding for finding in findings if finding.fault not in NOTES]
    wrong = len({finding.case_id for finding in faults})
    console.print(f"{len(known)} cases, {len(known) - wrong} valid, {wrong} not", highlight=False)
    return 1 if faults else 0


def choose(suites: Iterable[Suite], ids: Sequence[str]) -> list[tuple[Suite, list[Case]]]:
    """The cases of each suite that has some, or those named.

    Raises:
        CaseError: An id that no case has, or a suite without cases: proving nothing proves nothing.
    """
    lines = [(suite, load_all(suite)) for suite in suites]
    every = {case.id: case for _, cases in lines for case in cases}
    if missing := set(ids) - every.keys():
        raise CaseError(f"no case {', '.join(sorted(missing))}; ids are SUITE:PATH#SYMBOL")
    for case in (every[name] for name in ids):
        if case.quarantine:
            raise CaseError(f"{case.id} is in quarantine: {case.quarantine}; it is no case")
    chosen = []
    for suite, cases in lines:
        kept = [one for one in cases if not one.quarantine and (not ids or one.id in ids)]
        if not kept and not ids:
            raise CaseError(f"suite {suite.name!r} has no cases; make them with `llmops mine`")
        chosen += [(suite, kept)] if kept else []
    return chosen


def findings_table(findings: Iterable[Finding]) -> Table:
    """A finding a row."""
    table = Table(title="findings", show_lines=True)
    table.add_column("finding", overflow="fold")
    for finding in findings:
        # A line of its own for the id: it is what one copies to look closer.
        table.add_row(f"{finding.case_id}\n{finding.fault}: {finding.detail}")
    return table
