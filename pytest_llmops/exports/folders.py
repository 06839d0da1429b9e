"""The folder that an export is written to."""

from pathlib import Path

from pytest_llmops.errors import CaseError


def new_folder(folder: Path) -> None:
    """Make a folder; one that has something in it is left alone.

    Raises:
        CaseError: It has something in it, or cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        full = any(folder.iterdir())
    except OSError as error:
        raise CaseError(f"{folder}: cannot be made: {error.strerror}") from None
    if full:
        raise CaseError(f"{folder}: has something in it; name a new folder, or remove it")


def write(path: Path, content: str | bytes, *, executable: bool = False) -> None:
    """Write a file and the folders above it.

    Raises:
        CaseError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        if executable:
            path.chmod(0o755)
    except OSError as error:
        raise CaseError(f"{path}: cannot be written: {error.strerror}") from None
