"""Documents with one fault planted, to see that it is found."""

import copy

GONE = object()
"""Takes a place out."""


def planted(document, places, value):
    """The document with one place changed; `places` are the keys that lead there."""
    changed = copy.deepcopy(document)
    *parents, last = places
    place = changed
    for name in parents:
        place = place[name]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return changed
