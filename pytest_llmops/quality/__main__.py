"""`python -m pytest_llmops.quality`: fetch the tools ahead of need, and print their folder."""

import sys

from pytest_llmops.errors import QualityError
from pytest_llmops.quality.tools import install


def main(arguments: list[str]) -> int:
    """Fetch and print the folder, or one line that says what is wrong (status 1)."""
    if arguments:
        print(f"{' '.join(arguments)}: there are no arguments", file=sys.stderr)  # noqa: T201
        return 2
    try:
        print(install())  # noqa: T201
    except QualityError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
