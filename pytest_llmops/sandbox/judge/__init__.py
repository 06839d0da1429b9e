"""The judge's own parts from npm: vitest's runtime and the compilers of TypeScript, built once.

    lock          pinned packages with their hashes
    fetch         npm's tarballs, checked
    bundle        counted changes in vitest's files, then esbuild
    build         the folder of a built judge, made when it is missing
    program       vitest's runtime and ours as one script, with the engine's code for it

Nothing built is part of the repository. The folder is in the package itself where a built wheel
carries it, else in the user's cache, under the digest of lock and recipe.
"""

from pytest_llmops.sandbox.judge.build import judge_folder

__all__ = ["judge_folder"]
