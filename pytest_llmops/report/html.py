"""The report as one HTML file that needs nothing else: no network, no folder beside it.

Prompts and answers are untrusted. The template engine escapes every value, data travels as JSON
that cannot end its script element, and the page's policy (CSP) lets a browser run only the scripts
whose hashes it names and load nothing from anywhere: what slipped through would not run.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup
from plotly.offline import get_plotlyjs

from pytest_llmops import __version__
from pytest_llmops.compare.values import Comparison
from pytest_llmops.report import charts, figures, forest
from pytest_llmops.report.cases_table import details, rows
from pytest_llmops.report.groups import groups, outcomes
from pytest_llmops.report.identity import facts, started
from pytest_llmops.report.remarks import remarks
from pytest_llmops.report.subject import Subject, usual_outcome
from pytest_llmops.report.summary import common_tries, summarize
from pytest_llmops.report.templating import TEMPLATES, environment, own_script, stylesheet
from pytest_llmops.report.texts import in_script, packed, visible
from pytest_llmops.report.trend import Trend, trend_figure, value_text, when


def report_html(subject: Subject) -> str:
    """Draw the whole report."""
    drawn, values = report_parts(subject)
    data = {"names": subject.names, "rows": rows(subject)}
    return page("report.html", drawn, data=data, details=packed(details(subject)), **values)


def report_parts(subject: Subject) -> tuple[dict[str, charts.Figure], dict[str, Any]]:
    """The charts of a report, and what its template shows beside the table of all cases."""
    summaries = [summarize(run.records) for run in subject.runs]
    return _figures(subject), {
        "subject": subject,
        "names": [visible(name) for name in subject.names],
        "summaries": summaries,
        "tries": common_tries(summaries),
        "groups": groups(subject),
        "outcomes": outcomes(summaries),
        "facts": facts(subject.runs),
        "clusters": {
            number: forest.cluster_ratios(comparison.pairs)
            for number, comparison in _comparisons(subject)
        },
        "changed": [
            (number, case, _side(subject.changed[case]), _outcomes(subject, case))
            for number, case in enumerate(subject.cases)
            if case in subject.changed
        ],
        "warnings": _warnings(subject),
        "started": started(subject.runs[0].run),
    }


def history_html(found: Trend) -> str:
    """Draw a history: the plot, its change points, and a table of the runs."""
    return page(
        "history.html",
        {"chart-history": trend_figure(found)},
        data={},
        trend=found,
        title="output tokens" if found.metric == "token ratio" else found.metric,
        marks={change.index: f"p {figures.probability(change.p)}" for change in found.changes},
        value_text=value_text,
        when=when,
    )


def page(template: str, drawn: Mapping[str, charts.Figure], *, data: Any, **values: Any) -> str:
    """Draw a template with its charts, the scripts they need and the policy that allows those.

    Args:
        template: File in `templates`.
        drawn: Figures by the id of the element they are drawn in.
        data: What the page's script reads, as JSON.
        values: What the template shows.
    """
    scripts = [script for script in (get_plotlyjs() if drawn else "", own_script()) if script]
    return (
        environment(str(TEMPLATES))
        .get_template(template)
        .render(
            **values,
            layout="layout.html",
            policy=policy(scripts),
            style=Markup(stylesheet()),  # noqa: S704 ours, without a value in it
            scripts=[Markup(script) for script in scripts],  # noqa: S704 ours and plotly's
            data=Markup(in_script({"charts": drawn, **data})),  # noqa: S704 escaped for scripts
            drawn=drawn,
            version=__version__,
        )
    )


def policy(scripts: Sequence[str]) -> str:
    """The content security policy of a page with these inline scripts and nothing else.

    Plotly sets styles from its script, so styles are not restricted; they cannot load anything.
    """
    hashes = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts
    ]
    allowed = " ".join(f"'sha256-{one}'" for one in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _figures(subject: Subject) -> dict[str, charts.Figure]:
    named = list(zip(subject.names, [run.records for run in subject.runs], strict=True))
    found = {"chart-parts": charts.token_parts(named)}
    compared = _comparisons(subject)
    if len(named) > 1:
        found["chart-pareto"] = charts.pareto(named)
        priced = charts.priced(named)
        if len(priced["data"][1]["x"]) > 1:
            found["chart-dollars"] = priced
    if compared:
        found["chart-overall"] = forest.overall(
            [(subject.names[number], comparison) for number, comparison in compared]
        )
    for number, comparison in compared:
        found[f"chart-clusters-{number}"] = forest.clusters(comparison)
        found[f"chart-cases-{number}"] = forest.cases(comparison)
    return found


def _side(moves: tuple[bool, ...]) -> str:
    return "gained" if all(moves) else "mixed" if any(moves) else "lost"


def _outcomes(subject: Subject, case: str) -> list[str]:
    found = [usual_outcome(run.get(case, ())) for run in subject.attempts]
    return [outcome.replace("_", " ") or figures.NONE for outcome in found]


def _comparisons(subject: Subject) -> list[tuple[int, Comparison]]:
    """Index of the run and its comparison, where there is one."""
    return [
        (number, versus.comparison)
        for number, versus in enumerate(subject.versus, start=1)
        if versus.comparison
    ]


def _warnings(subject: Subject) -> list[str]:
    """What a reader must know before believing a figure."""
    found = []
    for name, run in zip(subject.names, subject.runs, strict=True):
        missing = run.run.attempts - len(run.records)
        decided = run.end.decided_after if run.end else None
        if decided is not None:
            found.append(f"{visible(name)}: a sequential gate ended it after {decided:,} attempts.")
        elif missing > 0:
            found.append(f"{visible(name)}: {missing:,} of {run.run.attempts:,} attempts missing.")
        if not run.end:
            found.append(f"{visible(name)}: the session was interrupted, or still goes on.")
        if not run.run.content:
            found.append(f"{visible(name)}: texts were withheld (a baseline, or --no-content).")
        found += [f"{visible(name)}: {visible(line)}." for line in remarks(run.run, run.records)]
    return found
