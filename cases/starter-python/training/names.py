"""Names in code."""

import re


def snake_case(name: str) -> str:
    """Turn `camelCase` and `PascalCase` into `snake_case`; a run of capitals is one word.

    >>> snake_case("parseHTTPHeader")
    'parse_http_header'
    """
    parted = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", parted).lower()


def initials(name: str) -> str:
    """Return the first letter of each word of a name in upper case: `ada lovelace` gives `AL`."""
    return "".join(word[0].upper() for word in name.split())


def unique(names: list[str]) -> list[str]:
    """Return the names in order, the second `a` as `a_2`, the third as `a_3`, and so on."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return found
