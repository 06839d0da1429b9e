import re

import msgspec
import pytest
from records import record
from report_runs import HOSTILE, attempts, case_id, gated, pair, recorded, subject

from pytest_llmops.errors import RecordError
from pytest_llmops.report.markdown import LIMIT, MARKER, report_markdown, safe
from pytest_llmops.runs.checkout import Checkout


def report(*runs):
    return report_markdown(subject(*runs))


def table_rows(text):
    return [line for line in text.splitlines() if line.startswith("| ")]


def test_the_marker_comes_first_and_once():
    text = report(*pair())
    assert text.startswith(MARKER + "\n")
    assert text.count(MARKER) == 1


def test_the_verdict_the_checks_and_the_groups_are_shown():
    text = report(*pair(300))
    assert "## ✅ held: nothing to do\n\n**lora** against **base**: no metric is" in text
    for name in ("errors", "truncation", "solve rate", "output tokens"):
        assert f"| {name} | ✅ held |" in text
        assert (f"| ✅ | {name} |" in text) == (name != "errors")  # of which there are none
    assert re.search(r"\| starter easy \| base \| 50 of 100 \| 50.0 % \(40 to 60\) \|", text)
    assert re.search(r"\| all \| base \| 150 of 300 \|", text)
    assert "No case changed sides." in text


def test_runs_of_several_attempts_a_case_show_the_chances_of_one_and_of_all():
    once, thrice = recorded(attempts()), recorded(attempts(samples=3), model="lora", number=1)
    text = report(once, thrice)
    assert "| rate (95 %) | pass@3 | pass^3 | tokens |" in text
    assert re.search(r"\| all \| base \| 12 of 24 \| [^|]* \| \u2013 \| \u2013 \|", text)
    assert re.search(r"\|  \| lora \| 36 of 72 \| [^|]* \| 50.0 % \| 50.0 % \|", text)
    assert "pass@" not in report(once)


def test_what_is_undecided_says_what_it_would_take():
    base = recorded(attempts(24, solved=0.5))
    other = recorded(attempts(24, solved=0.25, ratio=0.8), model="lora", number=1)
    text = report(base, other)
    assert "## ❓ undecided" in text
    needs = r"80 % power: .\d+\.\d points; to decide: about \d+ cases"
    assert re.search(rf"- \*\*solve rate\*\* undecided: .*; what this run finds with {needs}", text)
    assert "<details><summary>Cases that changed sides: 6</summary>\n\n| case |" in text
    assert "solved, 40 | wrong, 32 |" in text


def test_a_refused_comparison_gives_its_reason():
    base, other = pair()
    other = msgspec.structs.replace(
        other, run=msgspec.structs.replace(other.run, suite_hash="f" * 16)
    )
    text = report(base, other)
    assert "no verdict" in text
    assert "suite&#95;hash" in text


def test_a_session_that_its_gate_ended_early_is_shown_with_the_verdict_of_the_gate():
    base, other = pair()
    why = "output tokens held: 0.800x"
    ended = gated(other, base, "held", reason=why, decided=12, sequential=True)
    text = report(base, ended)
    assert "## ✅ held: nothing to do\n\n**lora** against **base**: no metric is" in text
    told = f"The sequential gate of the session said held after 12 of 24 attempts: {why}"
    assert f"\n{told}\n" in text
    assert "cannot be compared" not in text


def test_the_verdict_of_a_gate_comes_before_that_of_all_attempts_at_once():
    base, other = pair(300)
    text = report(base, gated(other, base, "undecided", reason="solve rate", sequential=True))
    assert "## ❓ undecided" in text
    assert "All attempts at once would be held:" in text
    assert "| solve rate | ✅ held |" in text


def test_a_gate_without_a_verdict_gives_its_reason():
    base, other = pair()
    text = report(base, gated(other, base, None, reason="it has 3 records", decided=3))
    assert (
        "## ⚠️ no verdict: mend what is said below, and run again\n\n**lora** against **base**.\n"
        in text
    )
    assert "The gate of the session said no verdict after 3 of 24 attempts: it has 3 rec" in text


def test_runs_are_compared_with_the_margins_of_their_gate():
    base, other = pair(300, ratio=1.3)
    assert "## ❌ regressed" in report(base, other)
    assert "## ✅ held" in report(base, gated(other, base, "held", tokens=1.5))


def test_a_gate_against_another_baseline_says_nothing_here():
    base, other = pair(300, ratio=1.3)
    text = report(base, gated(other, other, "held", reason="of that one", tokens=1.5))
    assert "## ❌ regressed" in text
    assert "of that one" not in text


def test_a_single_run_needs_no_verdict():
    text = report(recorded(attempts(3)))
    assert "held" not in text
    assert "## base" in text
    assert "| starter easy | 1 of 1 |" in text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("@team", "@&#8203;team"),
        ("a|b", "a&#124;b"),
        ("`code`", "&#96;code&#96;"),
        ("<b>", "&#60;b&#62;"),
        ("#12", "#&#8203;12"),
        ("file#name", "file#name"),
        ("https://evil.example", "https://&#8203;evil.example"),
        ("[x](y)", "&#91;x&#93;(y)"),
        ("a\n\n# b", "a # b"),
        ("&#64;x", "&#38;#&#8203;64;x"),
        ("x" * 600, "x" * 500 + "…"),
    ],
)
def test_text_from_outside_is_only_text(text, escaped):
    assert safe(text) == escaped


def test_hostile_ids_and_reasons_break_no_table():
    evil = f"starter:x#{HOSTILE}{MARKER} @octocat"
    base = [record(f"{evil}{n}", cluster=f"c{n % 5}", outcome="solved") for n in range(24)]
    worse = [msgspec.structs.replace(one, error=HOSTILE) for one in base[:3]] + base[3:]
    text = report(recorded(base, model="a|b\n# x"), recorded(worse, model="@octocat", number=1))
    assert text.count(MARKER) == 1
    assert "<script" not in text
    assert "@octocat" not in text
    assert {line.count("|") for line in table_rows(text)} <= {6 + 1, 4 + 1, 5 + 1, 3 + 1}


def test_a_report_never_outgrows_a_comment():
    base = recorded(attempts(3000, solved=1.0))
    other = recorded(attempts(3000, solved=0.0), model="l" * 300, number=1)
    text = report(base, other)
    assert LIMIT * 0.9 < len(text) <= LIMIT
    assert text.endswith("</details>\n")
    shown = int(re.search(r"([\d,]+) more are in the HTML report", text)[1].replace(",", ""))
    assert text.count("| starter:eval") + shown == 3000


def test_many_long_suites_and_runs_are_cut_too():
    runs = [
        recorded([r for s in range(60) for r in attempts(3, suite=f"{'s' * 90}{s}")], number=n)
        for n in range(6)
    ]
    text = report(*runs)
    assert len(text) <= LIMIT
    assert "The rest is in the HTML report." in text


@pytest.mark.parametrize(
    ("ratio", "verdict", "to_do"),
    [
        (0.8, "held", "nothing to do"),
        (1.5, "regressed", "take the change back, or accept it"),
    ],
)
def test_the_first_line_says_the_verdict_and_what_to_do(ratio, verdict, to_do):
    _, heading, _, said, *_ = report(*pair(300, ratio=ratio)).splitlines()
    assert heading.endswith(f" {verdict}: {to_do}")
    assert said.startswith("**lora** against **base**")


def test_a_candidate_is_named_by_label_and_commit_and_its_dollars_are_told():
    base = recorded(attempts(300, cost=0.01))
    checkout = Checkout(commit="1a2b3c4" + "0" * 33, branch="topic")
    other = recorded(
        attempts(300, cost=0.005), model="lora", number=1, label="@new", checkout=checkout
    )
    text = report(base, other)
    assert "\nCandidate: @&#8203;new, topic@&#8203;1a2b3c4.\n" in text
    change = "\N{MINUS SIGN}50.0 %"
    assert f"| dollars per solved | $0.0200 | $0.0100 | {change} | {change} to {change} |" in text
    assert re.search(r"\| all \| base \|.* \| \$3\.00 \| \$0\.0200 \|", text)
    (line,) = [line for line in report(*pair(300)).splitlines() if "dollars" in line]
    assert "dollars left out: the baseline has no prices in models.toml" in line


def changed(cases=24):
    base = recorded(attempts(cases, solved=0.5))
    return base, recorded(attempts(cases, solved=0.75, ratio=0.8), model="lora", number=1)


def test_cases_lost_and_gained_lead_to_their_texts():
    url = "https://ci.example/job 1/report(1).html"
    text = report_markdown(subject(*changed()), url)
    page = "https://ci.example/job%201/report%281%29.html"
    assert f"[HTML report]({page})" in text
    assert "**6 cases gained**" in text
    assert "lost**" not in text
    case = case_id(12)
    anchor = f"{page}#case=starter%3Aeval%2Ffile0%23case0012"
    assert f"\n- [{case}]({anchor})\n" in text
    assert f"| [{case}]({anchor}) |" in text
    lost = report_markdown(subject(*reversed(changed(60))), url)
    assert "**15 cases lost**" in lost
    assert f"- [and 9 more]({page}#changed)" in lost


def test_an_artifact_of_github_is_opened_at_each_case():
    url = "https://github.example/me/it/actions/runs/12/artifacts/345"
    text = report_markdown(subject(*changed()), url)
    assert f"[HTML report]({url})" in text
    case = case_id(12)
    assert f"\n- [{case}]({url}#case=starter%3Aeval%2Ffile0%23case0012)\n" in text


def test_a_list_of_artifacts_is_linked_without_its_cases():
    url = "https://ci.example/actions/runs/1#artifacts"
    text = report_markdown(subject(*changed()), url)
    assert f"[HTML report]({url})" in text
    assert f"\n- {case_id(12)}\n" in text
    assert "](" not in report(*changed())


@pytest.mark.parametrize("url", ["javascript:alert(1)", "report.html", "https://", "ftp://x/y"])
def test_an_address_that_no_browser_follows_is_refused(url):
    with pytest.raises(RecordError, match=r"no http\(s\) address of a report"):
        report_markdown(subject(*changed()), url)


def test_what_follows_the_numbers_is_folded_and_every_fold_ends():
    for text in (report(*pair(300)), report(*pair(24, text=HOSTILE))):
        assert text.count("<details>") == text.count("</details>") >= 1
        numbers = text.index("| output tokens |")
        assert numbers < text.index("<details>") < text.index("Summary by suite")
    assert "<details>" not in report(recorded(attempts()))
