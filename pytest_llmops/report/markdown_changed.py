"""The cases that changed sides in a Markdown report, with links to their texts in the HTML one."""

import re
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import msgspec

from pytest_llmops.errors import RecordError
from pytest_llmops.report import figures
from pytest_llmops.report.markdown_tables import heading, safe, table_row
from pytest_llmops.report.subject import Subject, majority, usual_outcome, usual_tokens

NAMED = 6
"""Cases lost, and gained, that are named at once; the others are folded away."""

LONGEST = 84
"""Characters of a case's name in a line of its own: as many as fit beside 760 pixels."""

SAFE = ":/?#[]@!$&'*+,;=%-._~"
"""What stays as it is in an address; a parenthesis or a space would end its link."""

PAGE = re.compile(r"\.html$|/actions/runs/\d+/artifacts/\d+$")
"""Paths that can be opened at a part of their page: files, and artifacts of GitHub Actions."""


class Address(msgspec.Struct, frozen=True):
    """Where the HTML report is."""

    url: str = ""
    """"" where it is nowhere."""

    @property
    def report(self) -> str:
        """The address, fit for a link.

        Raises:
            RecordError: It is none that a browser may follow.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise RecordError(f"--report-url {self.url!r}: no http(s) address of a report")
        return quote(self.url, safe=SAFE)

    def anchor(self, name: str) -> str:
        """Of a part of the report; "" where the address is not that of a page: a list, say."""
        if not PAGE.search(urlsplit(self.url).path):
            return ""
        return f"{self.report.partition('#')[0]}#{name}"

    def linked(self, case: str) -> str:
        """The name of a case, linked to its texts where that can be."""
        name = case if len(case) <= LONGEST else f"…{case[1 - LONGEST :]}"
        anchor = self.anchor(f"case={quote(case, safe='')}")
        return f"[{safe(name)}]({anchor})" if anchor else safe(name)


def sides(subject: Subject, number: int, address: Address) -> Iterator[str]:
    """The first cases that a candidate lost, then those it gained, one a line."""
    found: dict[str, list[str]] = {"lost": [], "gained": []}
    for case in subject.changed:
        one, other = (majority(subject.attempts[at].get(case, ())) for at in (0, number))
        if None not in (one, other) and one != other:
            found["gained" if other else "lost"].append(case)
    if not any(found.values()):
        yield "No case changed sides.\n"
    for side, cases in found.items():
        if not cases:
            continue
        yield f"**{len(cases)} {'case' if len(cases) == 1 else 'cases'} {side}**\n"
        yield from (f"- {address.linked(case)}" for case in cases[:NAMED])
        if more := len(cases) - NAMED if len(cases) > NAMED else 0:
            anchor = address.anchor("changed")
            told = f"and {more:,} more"
            yield f"- [{told}]({anchor})" if anchor else f"- {told}"
        yield ""


def changed_table(subject: Subject, room: int, address: Address) -> str:
    """The cases that changed sides, collapsed, as many as fit into `room` characters."""
    count = len(subject.changed)
    if len(subject.runs) == 1 or not count:
        return ""
    lines = [f"<details><summary>Cases that changed sides: {count}</summary>\n"]
    lines += heading(("case", *map(safe, subject.names)), left=1 + len(subject.names))
    end = "\nOutcome, and output tokens.\n\n</details>\n"
    left = room - sum(len(line) + 1 for line in lines) - len(end) - 100
    for number, case in enumerate(subject.changed):
        row = table_row([address.linked(case), *(_attempts(subject, case))])
        left -= len(row) + 1
        if left < 0:
            lines.append(f"\n{count - number:,} more are in the HTML report.")
            break
        lines.append(row)
    return "\n".join(lines) + end


def _attempts(subject: Subject, case: str) -> Iterator[str]:
    for run in subject.attempts:
        found = run.get(case, [])
        outcome = usual_outcome(found).replace("_", " ") or figures.NONE
        yield f"{outcome}, {figures.amount(usual_tokens(found))}"
