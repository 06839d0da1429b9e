"""`python -m pytest_llmops.sandbox.judge`: build the judge ahead of need, and print its folder.

With `--carry` it is built into the package itself, for a wheel to carry.
"""

import sys

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.binaries import find_node
from pytest_llmops.sandbox.judge.build import build, carried_folder, judge_folder
from pytest_llmops.sandbox.judge.program import program_folder


def main(arguments: list[str]) -> int:
    """Build and print the folder, or one line that says what is wrong (status 1)."""
    if arguments not in ([], ["--carry"]):
        print(f"{' '.join(arguments)}: there is only --carry", file=sys.stderr)  # noqa: T201
        return 2
    try:
        carried = carried_folder()
        folder = judge_folder() if not arguments else carried
        if arguments and not carried.is_dir():
            build(carried)
        program_folder(find_node(), carried=bool(arguments))
    except SandboxError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(folder)  # noqa: T201
    return 0


sys.exit(main(sys.argv[1:]))
