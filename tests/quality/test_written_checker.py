"""The confined process that formats, lints and type-checks answers, with its real tools."""

import re
import subprocess
import sys
import time

import pytest
from made_tasks import fenced, make_task

from pytest_llmops.errors import QualityError, SandboxError
from pytest_llmops.grading.extract import answered
from pytest_llmops.quality import checker as checking
from pytest_llmops.quality import tools
from pytest_llmops.quality.checker import Checked, Checker
from pytest_llmops.quality.measured import measure, to_check
from pytest_llmops.sandbox import companion

STYLE = {"linter": {"enabled": True}, "formatter": {"enabled": True, "indentStyle": "space"}}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    tools.install()
    folder = tmp_path_factory.mktemp("tree")
    (folder / "limits.ts").write_text(
        "export type Limit = number;\nexport const MOST: Limit = 3;\n"
    )
    (folder / "words.ts").write_text(SOURCE)
    return folder


@pytest.fixture(scope="module")
def checker(tree):
    with Checker(tree) as found:
        yield found


SOURCE = """\
import { MOST } from "./limits.js";

/** The first words. */
export function firstWords(text: string): string[] {
  return text.split(" ").slice(0, MOST);
}
"""


def asked(text, path="words.ts"):
    return Checked(path=path, text=text, style=STYLE, at=path)


def one(checker, text):
    (found,) = checker.check([asked(text)])
    return found


def test_a_clean_file_comes_back_as_it_was(checker):
    found = one(checker, SOURCE)
    assert found.formatted == SOURCE
    assert (found.lint, found.syntax, found.types) == ((), (), ())


def test_types_are_those_of_the_tree_and_of_node(checker):
    text = 'import { MOST } from "./limits.js";\nimport { readFileSync } from "node:fs";\n'
    good = one(checker, text + "export const a: number = MOST + readFileSync(0).length;\n")
    assert good.types == ()
    wrong = one(checker, text + "export const a: string = MOST;\nreadFileSync(true);\n")
    assert [(fault.code, fault.line) for fault in wrong.types] == [(2322, 2), (2345, 3)]


def test_a_file_that_does_not_parse_has_neither_layout_nor_types(checker):
    found = one(checker, "export const a: string = 1;\nfunction (")
    assert found.formatted is None
    assert found.syntax
    assert found.types == ()


def test_lint_says_where_and_how_severe(checker):
    (remark,) = one(
        checker, "export const a = (b: number) => {\n  debugger;\n  return b;\n};\n"
    ).lint
    assert (remark.rule, remark.severity) == ("lint/suspicious/noDebugger", "error")
    assert (remark.start, remark.end) == (36, 45)


def test_files_of_a_batch_do_not_see_each_other(checker):
    texts = ["export const a = 1;\n", "export const b: string = a;\n", "export const a = 2;\n"]
    found = checker.check([asked(text, "new.ts") for text in texts])
    assert [[fault.code for fault in each.types] for each in found] == [[], [2304], []]


def test_an_answer_is_parsed_and_never_run(checker, tree):
    text = 'import { writeFileSync } from "node:fs";\nwriteFileSync("ran", "");\nprocess.exit(3);\n'
    assert one(checker, text).types == ()
    assert one(checker, SOURCE).types == ()
    assert sorted(path.name for path in tree.iterdir()) == ["limits.ts", "words.ts"]


def test_an_import_reads_nothing_outside_of_the_tree(checker, tree):
    outside = tree.parent / "outside.ts"
    outside.write_text("export const secret: 42 = 42;\n")
    found = one(
        checker, f'import {{ secret }} from "../{outside.stem}";\nexport const a: 43 = secret;\n'
    )
    assert [fault.code for fault in found.types] == [2307]


def test_a_file_that_kills_the_process_costs_the_others_nothing(tree, monkeypatch):
    with Checker(tree) as checker:
        real = checker._process.ask

        def ask(line, **how):
            if b"poison" in line:
                raise companion.DiedError("it ended")
            return real(line, **how)

        monkeypatch.setattr(checker._process, "ask", ask)
        texts = [SOURCE, "poison", SOURCE, SOURCE]
        found = checker.check([asked(text) for text in texts])
    assert [isinstance(each, str) for each in found] == [False, True, False, False]
    assert found[1] == "it ended"


def test_a_file_that_takes_for_ever_is_given_up(tree, monkeypatch):
    with Checker(tree) as checker:
        # Killed in its first milliseconds, bubblewrap leaves a process behind that waits for ever.
        assert one(checker, SOURCE).types == ()
        monkeypatch.setattr(checking, "PATIENCE", 0.0)
        monkeypatch.setattr(checking, "PATIENCE_EACH", 0.0)
        started = time.monotonic()
        assert one(checker, SOURCE) == "no answer within 0 s"
        assert time.monotonic() - started < 30


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_the_process_has_no_network_and_cannot_write(tree, tmp_path, monkeypatch):
    (tmp_path / "checker.mjs").write_text(
        "import { writeFileSync } from 'node:fs'; import { networkInterfaces } from 'node:os';\n"
        "process.stdin.once('data', () => { let wrote = 'wrote';\n"
        "  try { writeFileSync(process.argv[2] + '/x', ''); } catch (e) { wrote = e.code; }\n"
        "  const up = Object.values(networkInterfaces()).flat().filter((one) => !one.internal);\n"
        "  console.log(JSON.stringify({ fault: `${wrote} ${up.length}` })); });\n"
    )
    monkeypatch.setattr(checking, "HERE", tmp_path)
    with Checker(tree) as checker:
        assert one(checker, SOURCE) == "ERR_ACCESS_DENIED 0"


def test_without_a_sandbox_nothing_is_checked_and_one_line_says_why(tree, monkeypatch):
    monkeypatch.setattr(companion, "find_bwraps", list)
    with pytest.raises(SandboxError, match=r"^the sandbox cannot start: bubblewrap is missing"):
        Checker(tree)
    with Checker(tree, isolation="process") as checker:
        assert one(checker, SOURCE).types == ()


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_a_bubblewrap_that_fails_is_told_in_its_own_words(tree, tmp_path, monkeypatch):
    broken = tmp_path / "bwrap"
    broken.write_text(
        "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n"
    )
    broken.chmod(0o755)
    monkeypatch.setattr(companion, "find_bwraps", lambda: [broken])
    with pytest.raises(SandboxError, match="user namespaces have no rights here"):
        Checker(tree)


def measured(checker, tree, body, source=SOURCE):
    task = make_task("firstWords", source=source, path="words.ts", root=tree)
    candidate = answered(
        fenced(f"export function firstWords(text: string): string[] {body}"), {}, task
    )
    found, before = checker.check(to_check(candidate, task))
    return measure(("case", 0), candidate, task, found, before)


def test_a_clean_answer_has_the_best_of_all_figures(checker, tree):
    found = measured(checker, tree, '{\n  return text.split(" ").slice(0, MOST);\n}')
    figures = found.consistency, found.best_practices, found.error_rate, found.duplication
    assert figures == (1, 1, 0, 0)
    assert found.lines == 3


def test_an_answer_pays_for_what_it_does_and_is_told_what(checker, tree):
    body = "{\n  var Out = text.split(' ')\n  if (Out.length == 1) return 1;\n  return Out;\n}"
    found = measured(checker, tree, body)
    assert found.lines == 5
    assert found.error_rate == 1 / 5
    assert found.faults == ("TS2322: Type 'number' is not assignable to type 'string[]'.",)
    assert found.naming == 0
    assert found.quotes == 0
    assert found.layout == 2 * 4 / 10  # a semicolon is missing
    assert found.consistency == (2 * 0.8 + 0 + 0) / 4
    assert found.remarks == ("error lint/suspicious/noDoubleEquals", "error lint/suspicious/noVar")
    assert found.best_practices == 5 / (5 + 3 * 2)


def test_an_answer_that_does_not_parse_has_an_error_rate_and_nothing_else(checker, tree):
    found = measured(checker, tree, '{\n  return text.split(" ";\n}')
    figures = found.consistency, found.best_practices, found.error_rate, found.duplication
    assert figures == (None, None, 1, None)
    assert found.lines == 0
    assert found.faults == ("TS1005: ')' expected.",)


def test_what_was_wrong_with_the_file_before_is_nobodys_fault(checker, tree):
    source = f"{SOURCE}\nexport var old: string = 1;\n"
    found = measured(checker, tree, '{\n  return text.split(" ").slice(0, MOST);\n}', source)
    assert (found.best_practices, found.error_rate) == (1, 0)


def test_every_tool_is_pinned_by_version_and_hash():
    for package in tools.packages():
        assert re.fullmatch(r"\d+\.\d+\.\d+", package.version)
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", package.integrity)
    assert {"typescript", "@types/node", "undici-types", tools.BIOME} == set(tools.versions())


def test_tools_that_are_not_there_are_asked_for_by_the_command_that_brings_them(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(tools, "shared_cache", lambda: tmp_path)
    with pytest.raises(QualityError, match=r"python -m pytest_llmops\.quality$"):
        tools.tools_folder()


def test_without_npm_one_line_says_so_and_nothing_is_left(tmp_path):
    environment = {"npm_config_registry": "http://127.0.0.1:9/", "npm_config_fetch_retries": "0"}
    environment |= {"HOME": str(tmp_path), "npm_config_cache": str(tmp_path / "npm")}
    script = (
        "import sys; from pathlib import Path;"
        "from pytest_llmops.quality import tools, __main__ as m;"
        "tools.shared_cache = lambda: Path(sys.argv[1]); sys.exit(m.main([]))"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith("the tools for code quality cannot be installed: ")
    assert "request to http://127.0.0.1:9/" in line
    assert "ECONNREFUSED" in line
    assert line.endswith("run: python -m pytest_llmops.quality")
    assert not list((tmp_path / "quality").iterdir())
