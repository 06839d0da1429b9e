"""A suite of many small cases, for what needs numbers of them, and runs that answer it."""

import msgspec
from records import IDENTITY, RUN, record

from pytest_llmops.completions import Sampling, Usage
from pytest_llmops.runs.record import RecordFile
from pytest_llmops.tasks.prompts import PROMPT_VERSION

MODULES = 8
FUNCTIONS = 3
CASES = MODULES * FUNCTIONS
SUITES = '[wide]\nfolder = "wide"\nmanifests = ["wide.jsonl"]\n'


def name(number):
    return f"plus{number}"


def case(module, number):
    return f"wide:m{module}#{name(number)}"


def source():
    """The text of any module: functions that add a constant."""
    return "\n".join(
        f"/** Returns the value plus {n}. */\n"
        f"export function {name(n)}(value: number): number {{\n  return value + {n};\n}}\n"
        for n in range(1, FUNCTIONS + 1)
    )


def tests(module):
    names = ", ".join(name(n) for n in range(1, FUNCTIONS + 1))
    lines = [f'import {{ expect, it }} from "vitest";\nimport {{ {names} }} from "./m{module}.ts";']
    lines += [
        f'it("{name(n)}", () => {{ expect({name(n)}(7)).toBe({7 + n}); '
        f"expect({name(n)}(-2)).toBe({n - 2}); }});"
        for n in range(1, FUNCTIONS + 1)
    ]
    return "\n".join(lines) + "\n"


def write_suite(folder):
    """Lay out `cases/`; the manifest is still to be mined."""
    (folder / "cases" / "wide").mkdir(parents=True)
    (folder / "cases" / "suites.toml").write_text(SUITES)
    for module in range(MODULES):
        (folder / "cases" / "wide" / f"m{module}.ts").write_text(source())
        (folder / "cases" / "wide" / f"m{module}.test.ts").write_text(tests(module))


def write_run(path, *, ratio=1.0, samples=1, unsolved=0, noise=0.1, max_tokens=64):
    """Record answers to every case: the right ones, and so many tokens.

    One answer in `unsolved` is wrong, none for 0. Tokens differ between samples by a fixed pattern,
    whose mean log over a case is about zero.
    """
    identity = msgspec.structs.replace(
        IDENTITY,
        model=path.name,
        prompt_version=PROMPT_VERSION,
        tokenizer_sha256="t",
        sampling=Sampling(max_tokens=max_tokens),
    )
    file = RecordFile(
        path.parent, msgspec.structs.replace(RUN, id=path.name, identity=identity, cases=CASES)
    )
    for module in range(MODULES):
        for number in range(1, FUNCTIONS + 1):
            for sample in range(samples):
                wobble = 1 + noise * (((module + number + sample) * 7 % 5) - 2) / 2
                tokens = round(ratio * (100 + 10 * number) * wobble)
                wrong = unsolved and (module + number) % unsolved == 0
                body = f"return value + {99 if wrong else number};"
                text = f"```ts\nfunction {name(number)}(value: number): number {{ {body} }}\n```"
                usage = Usage(input=100, output=tokens)
                file.write(record(case(module, number), sample, text=text, usage=usage))
    file.close()
