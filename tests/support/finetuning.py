"""A small project to fine-tune in: two suites' worth of cases, a base that is a tokenizer only."""

import hashlib

import msgspec
from records import IDENTITY, RUN, grade
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

from finetune.project import Project
from pytest_llmops.cases import Case, FileHash
from pytest_llmops.completions import Timing, Usage
from pytest_llmops.manifests import write_manifest
from pytest_llmops.runs.record import End, Record, RecordFile
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.materialize import body_sha256
from pytest_llmops.tasks.prompts import PROMPT_VERSION
from pytest_llmops.tasks.prompts.prompt import build_messages
from pytest_llmops.tasks.selection import Choice, select

TRAIN = {
    "train/shout.ts": """\
const MARK = "!";

/** Returns `text` in upper case with a mark of exclamation behind every word of it. */
export function shout(text: string): string {
  // every word
  const words = text.split(" ").map((word) => word.toUpperCase());
  return words.map((word) => `${word}!`).join(" ");
}

/** Returns the text and the mark that this file has for all of its functions. */
export function marked(text: string): string {
  return text + MARK;
}
""",
    "train/clamp.ts": """\
/** Returns `value`, but never less than `low` and never more than `high`. */
export function clamp(value: number, low: number, high: number): number {
  if (value < low) {
    return low;
  }
  return value > high ? high : value;
}
""",
    "train/pick.ts": """\
/** Returns the items at every second place of the list, beginning with the first of them. */
export const pick = (items: string[]): string[] => items.filter((_, at) => at % 2 === 0);
""",
}
EVAL = {
    "eval/fold.ts": """\
/** Returns the counts of all letters of a word, most frequent first, ties by alphabet. */
export function letters(word: string): [string, number][] {
  const counts = new Map<string, number>();
  for (const letter of word) {
    counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}
""",
}
SUITES = '[mini]\nfolder = "mini"\nmanifests = ["mini.jsonl"]\ntrain = ["train/*"]\n'
SHOUT, MARKED = "mini:train/shout#shout", "mini:train/shout#marked"
CLAMP, PICK = "mini:train/clamp#clamp", "mini:train/pick#pick"
LETTERS = "mini:eval/fold#letters"


def make_project(root, files=None, base="tiny"):
    """Lay out suites, a manifest for every function of the files, a base, and models.toml."""
    files = {**TRAIN, **EVAL, **(files or {})}
    tree = root / "cases" / "mini"
    cases = []
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
        cases += cases_of(tree, path)
    write_manifest(root / "cases" / "mini.jsonl", cases)
    (root / "cases" / "suites.toml").write_text(SUITES)
    (root / "models.toml").write_text(
        f'# Mine.\n\n[base]\nweights = "{base}"\ncontext_tokens = 150  # short\n'
    )
    make_tokenizer(root / base)
    return Project(root)


def cases_of(tree, path):
    source = (tree / path).read_bytes()
    module = parse_module(source, path)
    test = path.replace(".ts", ".test.ts")
    (tree / test).write_text("// none\n")
    return [
        Case(
            id=f"mini:{path.removesuffix('.ts')}#{one.symbol}",
            split=path.split("/")[0],
            difficulty="easy",
            source=hashed(tree, path),
            symbol=one.symbol,
            body_sha256=body_sha256(module, one),
            body_lines=1,
            complexity=1,
            tests=(hashed(tree, test),),
            fail_to_pass=("a" * 12,),
            pass_to_pass=(),
        )
        for one in module.declarations
    ]


def hashed(tree, path):
    return FileHash(path=path, sha256=hashlib.sha256((tree / path).read_bytes()).hexdigest())


def make_tokenizer(folder):
    """Words are tokens; that is enough to count with."""
    folder.mkdir()
    tokenizer = Tokenizer(WordLevel({"?": 0}, unk_token="?"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))


def write_run(project, answers, *, run="sampled", split="train", end=True, **fields):
    """Record answers: `(case, text, outcome, finish_reason)`, samples in order."""
    choice = Choice(suites_file=project.suites_file, split="all")
    selection = select(choice)
    identity = msgspec.structs.replace(IDENTITY, prompt_version=PROMPT_VERSION)
    head = {"suites": ("mini",), "split": split, "attempts": len(answers), **fields}
    made = msgspec.structs.replace(RUN, id=run, identity=identity, **head)
    file = RecordFile(project.runs, made)
    seen = {}
    for case, text, outcome, reason in answers:
        seen[case] = sample = seen.get(case, -1) + 1
        task = selection.task(case)
        request = selection.request(case, sample, 150)
        assert request.messages == build_messages(task, context_tokens=150)
        file.write(
            Record(
                case=case,
                suite="mini",
                split=task.case.split,
                difficulty="easy",
                cluster=task.case.cluster,
                sample=sample,
                prompt_sha256=request.prompt_sha256,
                prompt=request.messages,
                text=text,
                finish_reason=reason,
                usage=Usage(input=100, output=len(text.split())),
                timing=Timing(started=1.0, queue=0.1, first_token=0.2, total=0.5),
                grade=grade(outcome),
            )
        )
    if end:
        file.write(End(finished=2.0, exit_status=0))
    file.close()
    return file.path


def fenced(code):
    return f"```typescript\n{code}\n```"
