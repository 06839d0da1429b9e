"""What ends a session or a command is told in a few lines, whatever went wrong how often."""

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from report_runs import attempts, recorded

from pytest_llmops.cli.docs import pages
from pytest_llmops.cli.main import main
from pytest_llmops.compare.complete import require_complete
from pytest_llmops.errors import CompareError, nearest
from pytest_llmops.mining.mined import Mined
from pytest_llmops.mining.outcome import told
from pytest_llmops.mining.refused import REMEDIES, Flaky, Rejection
from pytest_llmops.report.trend import alike
from pytest_llmops.session.faults import gathered


def failed(number, reason, *, kind="EndpointError"):
    text = f"{kind}: s:a#f{number} (sample 0): {reason}"
    return SimpleNamespace(
        nodeid=f"t.py::test[s:a#f{number}@0]", location=("t.py", 1, "x"), longrepr=text
    )


def test_attempts_without_an_answer_are_one_report_for_each_reason():
    down = [failed(n, f"m at http://h/v1: not reachable for {n} s") for n in range(30)]
    own = SimpleNamespace(nodeid="t.py::test_own", longrepr="assert 1 == 2")
    refused = failed(40, "m at http://h/v1: HTTP 401: no such key")
    shown = gathered([*down[:10], own, *down[10:], refused])
    assert [one.nodeid for one in shown] == ["30 attempts", "t.py::test_own", "1 attempt"]
    assert shown[0].longrepr.reprcrash.message == "not reachable for 0 s (m at http://h/v1)"
    assert str(shown[0].longrepr).splitlines() == [
        "EndpointError: m at http://h/v1: not reachable for 0 s",
        "first: t.py::test[s:a#f0@0]",
    ]
    assert shown[1] is own
    assert "no such key" in str(shown[2].longrepr)
    assert down[0].nodeid == "t.py::test[s:a#f0@0]", "the report itself stays as it is"


def test_faults_of_other_kinds_keep_a_report_each():
    faults = [failed(n, "the sandbox is gone", kind="SandboxError") for n in range(3)]
    assert gathered(faults) == faults


def test_mining_shows_a_table_by_reason_with_a_file_a_message_and_what_to_do():
    unusable = [
        Rejection(f"src/f{n}.test.ts", "", "needs an npm package", f"cannot find 'p{n}'")
        for n in range(30)
    ]
    rejections = [Rejection("a.ts", f"f{n}", "no test fails") for n in range(9)]
    flaky = [Flaky("b.test.ts", "0" * 12, "at times", "failed in run 2 of 3: no")]
    lines = list(told(Mined([], rejections, unusable, flaky)))
    assert lines == [
        "no cases",
        "left out:",
        "   30 test files: needs an npm package",
        "      first: src/f0.test.ts: cannot find 'p0'",
        "      to do: pin it in the lock file that the suite's `packages` names",
        "    9 functions: no test fails",
        "      first: a.ts#f0",
        "      to do: " + REMEDIES["no test fails"],
        "    1 test: flaky",
        "      it is: b.test.ts > at times: failed in run 2 of 3: no",
        "      to do: " + REMEDIES["flaky"],
        "--verbose names each of them with its reason",
    ]
    every = list(told(Mined([], rejections, unusable, flaky), every=True))
    assert sum(line.startswith("left out: src/") for line in every) == 30
    assert every[-1] == "in quarantine: b.test.ts > at times: failed in run 2 of 3: no"
    assert list(told(Mined([], [], [], []))) == ["no cases"]


def test_a_history_tells_runs_left_out_for_the_same_reason_in_one_line():
    many = [
        (f"run-{n}", f"run run-{n} (runs/{n}/records.jsonl): it has {n} records") for n in range(40)
    ]
    several = ("odd", "run a and run b cannot be compared:\n  the samplings differ\n  other cases")
    assert alike([*many, several]) == [
        "run-0, run-1, run-2 and 37 more: it has 39 records",
        "odd: the samplings differ (and 1 more reasons)",
    ]
    assert len(alike([("long", "x" * 5000)])[0]) < 200


def test_a_history_without_any_run_says_how_to_make_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["history"]) == 2
    assert "No runs yet in runs/. Start one with: pytest benchmarks" in capsys.readouterr().err


def test_a_crashed_run_says_what_was_wrong_and_not_where_in_the_code():
    error = "pytest_llmops.errors.EndpointError: s:a#f (sample 0): m at u: HTTP 401: no such key"
    records = attempts(24)
    run = recorded([msgspec.structs.replace(one, error=error, grade=None) for one in records])
    with pytest.raises(CompareError, match=r"first: m at u: HTTP 401: no such key; run it again"):
        require_complete(run, "run")


@pytest.mark.parametrize(("name", "said"), [("bsae", "; did you mean base?"), ("zzz", "")])
def test_a_name_that_is_nearly_known_is_answered_with_the_known_one(name, said):
    assert nearest(name, ["base", "lora-v1"]) == said


def test_the_pages_can_be_listed_and_read_where_there_is_no_checkout(capsys):
    assert main(["docs"]) == 0
    listed = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert listed["cases"] == "Cases"
    assert listed.keys() == pages().keys()
    assert not {"progress", "index"} & listed.keys()
    for name in ("cases", "docs/cases.md", "cases.md#mining"):
        assert main(["docs", name]) == 0
        assert capsys.readouterr().out.startswith("# Cases\n")
    assert main(["docs", "gaet"]) == 2
    assert "no page 'gaet'; did you mean gate" in capsys.readouterr().err


def test_messages_name_pages_that_an_installed_user_has():
    root = Path(__file__).parents[2]
    named: set[str] = set()
    for folder in ("pytest_llmops", "finetune"):
        for path in (root / folder).rglob("*.py"):
            for text in said(ast.parse(path.read_text("utf-8"))):
                assert not re.search(r"docs/\w+\.md|\.env\.example", text), f"{path}: {text}"
                named |= set(re.findall(r"`llmops docs ([\w-]+)`", text))
    assert named
    assert named <= pages().keys()


def said(tree):
    """The texts in what a module raises."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value
