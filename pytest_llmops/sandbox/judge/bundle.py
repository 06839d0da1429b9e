"""Make the judge's files of the fetched packages: patched as listed, bundled by esbuild.

Made are vitest's runtime (it knows its own frames in a stack by the path `vitest/dist`), what the
compiler needs of vitest to hoist `vi.mock`, oxc as the compiler of TypeScript, esbuild as the one
where Node cannot parse what oxc made, and the notices of every package that is in them.

`replacements.json` lists what is changed in the files of vitest: each text, how often it is there,
and what replaces it. Each closes a way from the code that is judged to the state of the judge. The
count is part of the recipe: where a text is found more or fewer times, the build fails by its name.
"""

import shutil
import subprocess
from pathlib import Path

import msgspec

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.judge.lock import HERE, Package

JUDGE, HOIST, COMPILER, FALLBACK, LICENSES = (
    "vitest/dist/vitest.mjs",
    "hoist.mjs",
    "oxc.node",
    "esbuild",
    "LICENSES.txt",
)
NOTICES = ("LICENSE", "LICENSE.md", "LICENSE.txt", "license", "LICENCE", "LICENSE-MIT.txt")
_FLAGS = (
    "--bundle",
    "--format=esm",
    "--platform=node",
    "--target=node24",
    "--minify-whitespace",
    "--legal-comments=none",
    "--log-level=error",
    "--external:tinybench",
)
# Vitest's state goes into the facade's private object; what is global to it is the facade. What it
# asks a browser for is not there, whatever a job defines; what a job may replace was taken before.
_ABSENT = ("DOMTokenList", "Element", "HTMLElement", "Node", "document", "self", "window")
_TAKEN = ("AbortController", "Event", "EventTarget", "MessageChannel", "performance", "setTimeout")
_DEFINES = (
    "--define:globalThis=__facade",
    "--define:global=__facade",
    *(f"--define:{name}=undefined" for name in _ABSENT),
    *(f"--define:{name}=__judge.taken.{name}" for name in _TAKEN),
    "--define:__vitest_required__=undefined",
    "--define:__vitest_mocker__=__judge.hooks.mocker",
)
_INJECT = (
    'import * as __judge from "./facade.mjs";\n'
    "const __facade = __judge.facade;\n"
    "export { __judge, __facade };\n"
)


class Replacement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One text in one file of a package."""

    name: str
    """What it is for; the build fails by it."""
    path: str
    """File below `node_modules`; may hold one `*` for the hash in a chunk's name."""
    old: str
    times: int
    new: str


def bundle(modules: Path, packages: tuple[Package, ...], target: Path) -> None:
    """Patch `modules` (a folder `node_modules`) in place and make the files in `target`.

    Raises:
        SandboxError: A replacement does not fit, or esbuild refuses.
    """
    listed = (HERE / "replacements.json").read_bytes()
    for replacement in msgspec.json.decode(listed, type=tuple[Replacement, ...]):
        replace(modules, replacement)
    work = modules.parent
    for name in ("entry.mjs", "hoist.mjs", "stubs.mjs", "facade.mjs"):
        shutil.copy(HERE / name, work / name)
    (work / "inject.mjs").write_text(_INJECT, "utf-8")
    esbuild = next(modules.glob("@esbuild/*/bin/esbuild"))
    # The facade itself is bundled apart, so that its own `globalThis` stays what it is.
    _run(esbuild, work, "facade.mjs", (target / JUDGE).with_name("facade.mjs"))
    shutil.copy((target / JUDGE).with_name("facade.mjs"), work / "facade.mjs")
    _run(
        esbuild,
        work,
        "entry.mjs",
        target / JUDGE,
        *_DEFINES,
        "--inject:inject.mjs",
        "--external:./facade.mjs",
        "--alias:vite/module-runner=./stubs.mjs",
    )
    _run(esbuild, work, "hoist.mjs", target / HOIST)
    binding = next(modules.glob("@oxc-transform/binding-*/*.node"))
    shutil.copy(binding, target / COMPILER)
    shutil.copy(esbuild, target / FALLBACK)
    (target / FALLBACK).chmod(0o755)
    (target / LICENSES).write_text(_notices(modules, packages), "utf-8")


def replace(modules: Path, replacement: Replacement) -> None:
    """Make one replacement.

    Raises:
        SandboxError: It does not stand there as often as it should.
    """
    found = sorted(modules.glob(replacement.path))
    if len(found) != 1:
        raise SandboxError(
            f"the judge cannot be built: {replacement.path} is there {len(found)} times, not once"
            f" ({replacement.name})"
        )
    text = found[0].read_text("utf-8")
    count = text.count(replacement.old)
    if count != replacement.times:
        raise SandboxError(
            f"the judge cannot be built: the replacement {replacement.name!r} fits {count} times in"
            f" {replacement.path}, not {replacement.times}; the package is not the one it was"
            " written for"
        )
    found[0].write_text(text.replace(replacement.old, replacement.new), "utf-8")


def _run(esbuild: Path, work: Path, entry: str, output: Path, *flags: str) -> None:
    made = subprocess.run(
        [str(esbuild), entry, f"--outfile={output}", "--allow-overwrite", *_FLAGS, *flags],
        cwd=work,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise SandboxError(f"the judge cannot be built: esbuild: {made.stderr.strip()[:500]}")


def _notices(modules: Path, packages: tuple[Package, ...]) -> str:
    """The licence of every package; one that ships no file is told by its name and licence."""
    parts = []
    for package in packages:
        folder = modules / package.name
        files = [folder / name for name in NOTICES if (folder / name).is_file()]
        text = files[0].read_text("utf-8").strip() if files else "(the package ships no notice)"
        parts.append(f"{package.name} {package.version}\n{package.license}\n\n{text}\n")
    return ("\n" + "-" * 80 + "\n\n").join(parts)
