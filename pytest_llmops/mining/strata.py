"""What a new case counts as: its split, by the file it is in, and its difficulty, by its size."""

import hashlib
from fnmatch import fnmatchcase

from pytest_llmops.cases import Difficulty, Split, Suite


def split_of(suite: Suite, path: str) -> Split:
    """The split of a source file, the same for all its cases; a hash decides where no glob does."""
    if suite.train:
        return "train" if any(fnmatchcase(path, glob) for glob in suite.train) else "eval"
    draw = int(hashlib.sha256(path.encode()).hexdigest()[:8], 16) / 0x1_0000_0000
    return "train" if draw < suite.train_share else "eval"


def difficulty_of(body_lines: int, complexity: int) -> Difficulty:
    """By size of the reference: easy up to 4 lines and complexity 2, hard over 16 lines or 7."""
    if body_lines <= 4 and complexity <= 2:
        return "easy"
    if body_lines > 16 or complexity > 7:
        return "hard"
    return "medium"
