"""A small repository whose tree has edits of every kind, and one whose commits are many."""

import hashlib
from contextlib import contextmanager

import pytest
from commit_repo import git, make_repository

from pytest_llmops.cases import Case, FileHash, load_suites
from pytest_llmops.cli.main import main
from pytest_llmops.manifests import write_manifest
from pytest_llmops.sandbox import NodePool
from pytest_llmops.tasks.trees.history import open_tree

SUITES = """\
[functions]
repository = "{repository}"
commit = "{commit}"
manifests = ["functions.jsonl"]

[edits]
repository = "{repository}"
commit = "{commit}"
sparse = ["packages"]
manifests = ["edits.jsonl"]
edits = {{functions = "functions"}}

[commits]
repository = "{repository}"
commit = "{commit}"
sparse = ["packages"]
manifests = ["commits.jsonl"]
walk = {{since = "2025-02-01"}}
"""
WORDS = "packages/text/src/words.ts"
JOINED = "packages/text/src/joined.ts"
TITLE = "packages/text/src/title.ts"
TEST = "packages/text/src/words.test.ts"
TITLE_TEST = "packages/text/src/title.test.ts"
WORDS_TEXT = """\
/** Counts the words that have a least length; see count in the manual. */
export function count(text: string, least = 1): number {
  if (text === "nothing at all") {
    return 0;
  }
  const words = text.split(" ").filter((word) => word.length >= least);
  return words.length;
}
"""
JOINED_TEXT = """\
export function joined(words: string[]): string {
  if (words.length > 3) {
    throw new Error("too many");
  }
  return words.join("-and-");
}
"""
TITLE_TEXT = """\
import { count } from "./words";

export function title(text: string): string {
  if (text.length > 5000) {
    throw new Error("no test knows of this");
  }
  const number = count(text);
  return number === 1 ? "one word" : `${number} words`;
}
"""
WORDS_TEST = """\
import { expect, it } from "vitest";
import { joined } from "./joined";
import { count } from "./words";

it("counts words", () => expect(count("a b c")).toBe(3));
it("counts long words", () => expect(count("a bb ccc", 2)).toBe(2));
it("counts nothing", () => expect(count("nothing at all")).toBe(0));
it("joins words", () => expect(joined(["a", "b"])).toBe("a-and-b"));
it("joins three words at most", () => {
  expect(joined(["a", "b", "c"])).toBe("a-and-b-and-c");
  expect(() => joined(["a", "b", "c", "d"])).toThrow("too many");
});
"""
TITLE_TEST_TEXT = """\
import { expect, it } from "vitest";
import { title } from "./title";

it("titles one word", () => expect(title("a")).toBe("one word"));
it("titles two words", () => expect(title("a b")).toBe("2 words"));
"""
HISTORY = (
    (
        "2025-03-01",
        "feat: titles of texts",
        {
            WORDS: WORDS_TEXT,
            JOINED: JOINED_TEXT,
            TITLE: TITLE_TEXT,
            TEST: WORDS_TEST,
            TITLE_TEST: TITLE_TEST_TEXT,
        },
    ),
)
FUNCTIONS = (
    (WORDS, "count", TEST),
    (JOINED, "joined", TEST),
    (TITLE, "title", TITLE_TEST),
)


def write_suites(folder, repository, functions=FUNCTIONS):
    """The suites of a repository, pinned at its head; that of functions has a manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    commit = git(repository, "rev-parse", "HEAD")
    file = folder / "suites.toml"
    file.write_text(SUITES.format(repository=repository.as_uri(), commit=commit))
    write_manifest(folder / "functions.jsonl", [_function(repository, *one) for one in functions])
    return file


def _function(repository, path, symbol, test):
    """As much of a case as says which tests run which function."""
    hashes = [hashlib.sha256((repository / one).read_bytes()).hexdigest() for one in (path, test)]
    source, judge = (FileHash(path=p, sha256=h) for p, h in zip((path, test), hashes, strict=True))
    return Case(
        id=f"functions:{path.removesuffix('.ts')}#{symbol}",
        split="eval",
        difficulty="easy",
        source=source,
        symbol=symbol,
        body_sha256="",
        body_lines=1,
        complexity=1,
        tests=(judge,),
        fail_to_pass=("0" * 12,),
        pass_to_pass=(),
    )


def mine_edits(made):
    """Make the repository in a folder, and mine it, with a cache of its own."""
    make_repository(made / "origin", HISTORY)
    suites = write_suites(made / "cases", made / "origin")
    arguments = ["--suites", str(suites), "--report", str(made / "report.json")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(made / "cache"))
        assert main(["mine", "edits", "--suite", "edits", *arguments]) == 0


@contextmanager
def opened(made):
    """What `mine_edits` made in a folder: that, its suite and trees, and a pool for them.

    The cache of this user is one in that folder as long as it is open.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(made / "cache"))
        suite = load_suites(made / "cases" / "suites.toml")["edits"]
        shelf = open_tree(suite)
        with NodePool(shelf.root, size=2, many=True) as pool:
            yield made, suite, shelf, pool


def make_many(folder, count):
    """A repository with a commit for each of many modules; gives its functions."""
    path = "packages/numbers/src/add{}.ts"
    texts = {n: f"export const add{n} = (n: number): number => n + {n};\n" for n in range(count)}
    tests = {
        n: f'import {{ expect, it }} from "vitest";\nimport {{ add{n} }} from "./add{n}";\n\n'
        f'it("adds {n}", () => expect(add{n}(10)).toBe({10 + n}));\n'
        f'it("adds {n} to 20", () => expect(add{n}(20)).toBe({20 + n}));\n'
        for n in range(count)
    }
    wrong = {path.format(n): text.replace("n + ", "n - 1 + ") for n, text in texts.items()}
    history = [("2025-01-01", "all: add numbers", wrong)]
    for n, text in texts.items():
        files = {path.format(n): text, path.format(n).replace(".ts", ".test.ts"): tests[n]}
        history.append(("2025-02-02", f"fix{n}: the sum of a number and {n} is wrong", files))
    make_repository(folder, history)
    return [
        (path.format(n), f"add{n}", path.format(n).replace(".ts", ".test.ts")) for n in range(count)
    ]
