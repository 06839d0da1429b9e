"""A small repository with a history, whose commits are of every kind that mining meets."""

import os
import subprocess

SUITE = """\
[words]
repository = "{repository}"
commit = "{commit}"
sparse = ["packages"]
manifests = ["words/commits-*.jsonl"]
tests = ["packages/*/src/**/*.test.ts"]
walk = {{since = "2025-02-01"{until}}}
"""
WORDS = "packages/text/src/words.ts"
TEST = "packages/text/src/words.test.ts"
LINES = "packages/text/src/lines.ts"
LINES_TEST = "packages/text/src/lines.test.ts"

COUNT = """\
export function count(text: string): number {
  return text.split(" ").length;
}
"""
FIXED = COUNT.replace('text.split(" ")', "text.split(/\\s+/).filter(Boolean)")
COUNT_TEST = """\
import { expect, it } from "vitest";
import { count } from "./words";

it("counts words", () => expect(count("a b c")).toBe(3));
"""
FIXED_TEST = COUNT_TEST + 'it("counts words between tabs", () => expect(count("a\\tb")).toBe(2));\n'
JOIN = """\
import { count } from "./words";
import os from "node:os";

export const lines = (texts: string[]): string => texts.filter(count).join(os.EOL);
"""
JOIN_TEST = """\
import { expect, it } from "vitest";
import { lines } from "./lines";

it("joins lines", () => expect(lines(["a", "b"])).toBe("a\\nb"));
it("leaves empty lines out", () => expect(lines(["a", ""])).toBe("a"));
"""
MESSAGE = """\
fix: count words between tabs and line ends (#12)

Text with tabs is counted as one word.

Fix: split with the expression `text.split(/\\s+/).filter(Boolean)`.

Fixes #11

Co-authored-by: Some One <some.one@example.org>
"""

HISTORY = (
    ("2025-01-10", "first", {WORDS: COUNT, TEST: COUNT_TEST}),
    ("2025-02-03", MESSAGE, {WORDS: FIXED, TEST: FIXED_TEST, "README.md": "# Words\n"}),
    ("2025-02-04", "docs: say what words are", {"packages/text/README.md": "Words.\n"}),
    (
        "2025-02-05",
        "refactor: name the separator of words",
        {
            WORDS: FIXED.replace("export", "const SPACE = /\\s+/;\n\nexport").replace(
                "/\\s+/)", "SPACE)"
            ),
            TEST: FIXED_TEST + 'it("counts none", () => expect(count("")).toBe(0));\n',
        },
    ),
    ("2025-03-01", "feat: join lines of text", {LINES: JOIN, LINES_TEST: JOIN_TEST}),
    (
        "2025-03-02",
        "feat: read settings of words",
        {
            "packages/text/src/settings.ts": 'import { z } from "zod";\nexport const s = z;\n',
            "packages/text/src/settings.test.ts": (
                'import { expect, it } from "vitest";\nimport { s } from "./settings";\n'
                'it("has settings", () => expect(s).toBeDefined());\n'
            ),
        },
    ),
    (
        "2025-03-03",
        "feat: warn of long texts",
        {
            "packages/text/src/warn.ts": "export const warn = (text: string) => text.length > 9;\n",
            "packages/text/src/warn.test.ts": (
                'import { expect, it } from "vitest";\nimport { warn } from "./warn";\n'
                'it("warns", () => expect(warn("0123456789")).toBeTruthy());\n'
            ),
        },
    ),
    (
        "2025-03-04",
        "wip",
        {
            LINES: JOIN.replace("os.EOL", '"\\r\\n"'),
            LINES_TEST: JOIN_TEST.replace("a\\nb", "a\\r\\nb"),
        },
    ),
)


def git(folder, *arguments, day=""):
    when = dict.fromkeys(("GIT_COMMITTER_DATE", "GIT_AUTHOR_DATE"), f"{day}T12:00:00Z")
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    environment = {**os.environ, **(when if day else {})}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return done.stdout.strip()


def make_repository(folder, history=HISTORY):
    """Commit the history; gives the ids by the first words of the messages."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    ids = {}
    for day, message, files in history:
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "-m", message, day=day)
        ids[message.partition(" ")[0].rstrip(":")] = git(folder, "rev-parse", "HEAD")
    return ids


def write_suites(file, repository, until=""):
    """A suite of the repository's commits, pinned at its head."""
    commit = git(repository, "rev-parse", "HEAD")
    until = f', until = "{until}"' if until else ""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(SUITE.format(repository=repository.as_uri(), commit=commit, until=until))
    return file
