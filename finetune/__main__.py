"""`python -m finetune`: fine-tune an adapter that saves tokens, in the project in this folder."""

import signal
import sys
from collections.abc import Sequence

from pytest_llmops.errors import LlmopsError, naming_extras

USER_ERROR = 2
"""Exit status for what the user can mend, as argparse has it."""


def main(arguments: Sequence[str] | None = None, program: str = "python -m finetune") -> int:
    """Run a command, called by the name `program`; return its exit status."""
    try:
        with naming_extras():
            from .command import run  # noqa: PLC0415 - its packages may be missing

            return run(arguments, program)
    except LlmopsError as error:
        print(f"finetune: {error}", file=sys.stderr)  # noqa: T201 - the answer to a command
        return USER_ERROR
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
