"""Settings as people write them."""

import re

_SIZES = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}


def parse_size(text: str) -> int:
    """Read a size: a number, with `k`, `m` or `g` behind it for 1,000, 1,000,000, 1,000,000,000.

    Upper case and white space make no difference; the number may have a fraction.

    Raises:
        ValueError: The text is no size; the message quotes it.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmg]?)\s*", text.lower())
    if not found:
        raise ValueError(f"no size: {text!r}")
    return int(float(found[1]) * _SIZES[found[2]])


def parse_flags(words: list[str]) -> dict[str, str | bool]:
    """Read the words of a command line that begin with `--` into a dictionary.

    `--name=value` gives the text behind the first `=`, `--name` gives True and `--no-name` gives
    False for `name`. Other words are passed over, and so is everything behind a bare `--`.
    """
    flags: dict[str, str | bool] = {}
    for word in words:
        if word == "--":
            break
        if not word.startswith("--"):
            continue
        name, equals, value = word[2:].partition("=")
        if equals:
            flags[name] = value
        elif name.startswith("no-"):
            flags[name[3:]] = False
        else:
            flags[name] = True
    return flags


def merge(base: dict[str, object], over: dict[str, object]) -> dict[str, object]:
    """Return a new dictionary with the entries of both; `over` has the last word.

    Where both hold a dictionary under a key, these are merged in the same way. An entry that is
    None in `over` removes the key. Neither argument is changed.
    """
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(old, dict) and isinstance(value, dict):
            merged[key] = merge(old, value)
        else:
            merged[key] = value
    return merged
