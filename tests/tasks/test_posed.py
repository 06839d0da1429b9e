"""What a question tells of the names that its solution uses: first of all, and all of them."""

import json

import pytest
from made_tasks import make_task

from pytest_llmops.tasks.prompts.posed import is_underspecified, posed
from pytest_llmops.tasks.prompts.prompt import build_messages
from pytest_llmops.tasks.prompts.reaching import reach
from pytest_llmops.tasks.resolving import resolve

FILLER = "\n".join(
    f"export function filler{n}(value: number): number {{\n  return value * {n} - {n};\n}}\n"
    for n in range(60)
)
FILE = """\
import { readAll, type Reader } from "./reader.js";
import { unused, Wide } from "./wide.js";
import { join } from "node:path";

/** How a row is cut. */
interface Cut {
  /** Where. */
  at: number;
  marker: string;
  never: boolean;
}

function widthOf(text: string, cut: Cut): number {
  return Math.min(text.length, cut.at) + 1000;
}

FILLER
const LIMITS = { short: 8, long: 80, other: 800 };

export class Table {
  private rows: string[] = [];
  private secret = "never";

  constructor(private readonly reader: Reader) {}

  /** Rows that are cut. */
  cutRows(limit?: Cut): string[] {
    const cut = limit ?? this.standard();
    const rows = readAll(this.reader, { strict: true });
    return rows.map((row) => row.slice(0, widthOf(row, cut)) + cut.marker + LIMITS.short);
  }

  private standard(): Cut {
    return { at: LIMITS.short, marker: "…", never: false };
  }

  private unrelated(): string {
    return this.secret.repeat(3);
  }
}

FILLER2
""".replace("FILLER2", FILLER.replace("filler", "other")).replace("FILLER", FILLER)
READER = """\
import type { Options } from "./options";

/** Reads rows. */
export interface Reader {
  next(): string | undefined;
  close(): void;
}

export function readAll(reader: Reader, options: Options): string[] {
  const rows: string[] = [];
  for (let row = reader.next(); row !== undefined; row = reader.next()) rows.push(row);
  return rows;
}
"""
OPTIONS = "export interface Options {\n  strict: boolean;\n  limit?: number;\n}\n"


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "reader.ts").write_text(READER)
    (tmp_path / "lib" / "options.ts").write_text(OPTIONS)
    return tmp_path


def cut_rows(tree):
    return make_task("Table.cutRows", FILE, "lib/table.ts", root=tree)


def asked(task, budget):
    (message,) = build_messages(task, context_tokens=budget)
    return message.content


def test_what_the_solution_uses_is_shown_before_anything_else(tree):
    text = asked(cut_rows(tree), 150)
    for told in (
        "function widthOf(text: string, cut: Cut): number { /* ... */ }",
        "private standard(): Cut { /* ... */ }",
        "const LIMITS = { short: 8, /* ... */ };",
        "interface Cut {\n  // ...\n  marker: string;\n  // ...\n}",
        'import { readAll, type Reader } from "./reader.js";',
    ):
        assert told in text
    assert "unrelated" not in text
    assert not is_underspecified(cut_rows(tree), 150)


def test_what_is_left_of_the_budget_shows_it_in_full_and_then_what_is_near(tree):
    text = asked(cut_rows(tree), 300)
    assert "return Math.min(text.length, cut.at) + 1000;" in text
    assert "/** How a row is cut. */" in text
    assert "private unrelated(): string { /* ... */ }" in text


def test_of_imported_modules_the_signatures_and_types_are_shown_that_are_used(tree):
    text = asked(cut_rows(tree), 300)
    assert text.startswith("Of the modules that lib/table.ts imports:\n\n```typescript\n")
    assert "// lib/reader.ts\n" in text
    assert "readAll(reader: Reader, options: Options): string[] { /* ... */ }" in text
    assert "// lib/options.ts\nexport interface Options {\n  strict: boolean;" in text
    assert "undefined; row =" not in text


def test_the_file_comes_before_other_modules_and_short_forms_before_long_ones(tree):
    text = asked(cut_rows(tree), 60)
    assert "private standard(): Cut" in text
    assert "widthOf" not in text
    assert "lib/options.ts" not in text


def test_names_that_no_word_of_the_question_is_are_hidden(tree):
    task = cut_rows(tree)
    found = posed(task, build_messages(task, context_tokens=0))
    hidden = {"LIMITS", "marker", "reader", "readAll", "short", "standard", "strict", "widthOf"}
    assert found.names == tuple(sorted(hidden))
    assert found.used == 8
    assert found.hidden_names == 1.0
    assert is_underspecified(task, 0)


def test_what_the_project_does_not_declare_is_not_hidden(tree):
    known = reach(cut_rows(tree)).known
    assert not known & {"Math", "min", "map", "slice", "row", "rows", "cut", "limit"}


def test_literals_with_a_word_are_counted_and_decide_nothing(tree):
    source = 'export function greet(): string {\n  return "hello there" + ", " + typeof 1;\n}\n'
    task = make_task("greet", source, root=tree)
    found = posed(task, build_messages(task, context_tokens=100))
    assert (found.literals, found.strings, found.hidden_literals) == (("hello there",), 1, 1.0)
    assert not is_underspecified(task, 100)


def test_a_literal_that_the_comment_quotes_is_shown(tree):
    source = '/** Says "hello there". */\nfunction greet() {\n  return "hello there";\n}\n'
    task = make_task("greet", source, root=tree)
    assert not posed(task, build_messages(task, context_tokens=0)).literals


class TestTwins:
    TWIN = (
        "export function first(items: string[], size: number): string[] {\n"
        "  const kept = items.filter((item) => item.length > size);\n"
        "  return kept.slice(0, size).reverse();\n}\n"
    )
    OTHER = TWIN.replace("first", "second").replace("kept", "rest").replace("items", "all")

    def test_the_body_of_a_function_with_the_same_body_is_not_shown(self):
        text = asked(make_task("first", self.TWIN + self.OTHER), 1000)
        assert "second(all: string[], size: number): string[] { /* ... */ }" in text
        assert "filter" not in text

    def test_nor_that_of_one_that_is_nearly_the_same(self):
        near = self.OTHER.replace("  return", "  console.log(size);\n  return")
        text = asked(make_task("first", self.TWIN + near), 1000)
        assert "filter" not in text

    def test_nor_that_of_a_twin_in_the_class(self):
        methods = "".join(f"  {name}(): number {{\n    return 1;\n  }}\n" for name in "abc")
        text = asked(make_task("A.b", f"class A {{\n{methods}}}\n"), 1000)
        assert "return 1" not in text
        assert "a(): number { /* ... */ }" in text

    def test_another_function_is_shown_whole(self):
        other = "export function size(all: string[]): number {\n  return all.length + 1;\n}\n"
        assert "return all.length + 1;" in asked(make_task("first", self.TWIN + other), 1000)


class TestResolving:
    @pytest.fixture
    def packages(self, tmp_path):
        folder = tmp_path / "packages" / "shared"
        (folder / "src" / "db").mkdir(parents=True)
        exports = {".": {"types": "./dist/index.d.ts"}, "./db": {"import": "./dist/db/index.js"}}
        document = {"name": "@team/shared", "exports": exports}
        (folder / "package.json").write_text(json.dumps(document))
        (folder / "src" / "index.ts").write_text('export * from "./rows.js";\n')
        (folder / "src" / "rows.ts").write_text(
            'export { rowOf as makeRow } from "./row";\nexport const empty = 1;\n'
        )
        (folder / "src" / "row.ts").write_text(
            "export function rowOf(a: string): string {\n  return a;\n}\n"
        )
        (folder / "src" / "db" / "index.ts").write_text("export const db = 1;\n")
        return tmp_path

    def test_a_package_of_the_tree_is_found_where_its_source_is(self, packages):
        shared = "packages/shared/src"
        for specifier, path in (
            ("@team/shared", f"{shared}/index.ts"),
            ("@team/shared/db", f"{shared}/db/index.ts"),
            ("@team/other", ""),
            ("./rows.js", f"{shared}/rows.ts"),
            ("node:path", ""),
        ):
            assert resolve(packages, f"{shared}/a.ts", specifier) == path

    def test_a_name_is_followed_to_where_it_is_declared(self, packages):
        source = (
            'import { makeRow as row } from "@team/shared";\n\n'
            "export function rows(a: string[]): string[] {\n  return a.map(row);\n}\n"
        )
        text = asked(make_task("rows", source, "app/rows.ts", root=packages), 100)
        assert "// packages/shared/src/row.ts\nexport function rowOf(a: string): string {" in text


def test_python_is_asked_with_what_its_solution_uses(tmp_path):
    source = (
        "LIMIT = 8\n\n\ndef helper(text: str) -> str:\n    return text * 3\n\n\n"
        + "\n\n".join(f"def filler{n}(a):\n    return a * {n} + {n}\n" for n in range(80))
        + "\n\nclass Rows:\n    size: int = 3\n\n    def cut(self, text: str) -> str:\n"
        '        """Cuts."""\n'
        "        return helper(text)[: LIMIT + self.size] + self.end()\n\n"
        "    def end(self) -> str:\n        return '...' + 'x'\n"
    )
    task = make_task("Rows.cut", source, "rows.py", root=tmp_path)
    text = asked(task, 100)
    assert "def helper(text: str) -> str:" in text
    assert "LIMIT = 8" in text
    assert "def end(self) -> str:" in text
    assert not posed(task, build_messages(task, context_tokens=100)).names
    assert posed(task, build_messages(task, context_tokens=0)).names == (
        "LIMIT",
        "end",
        "helper",
        "size",
    )
