"""The seed of every attempt."""

import hashlib

import msgspec

SEED_SCHEME = "sha256 of seed, case and sample"
"""How the seed of an attempt is found; part of run identity, for it decides every drawn answer."""


def derive_seed(seed: int, case_id: str, sample: int) -> int:
    """Return the seed of sample `sample` of a case: no two attempts share random numbers.

    The first 31 bits of the SHA-256 of the JSON array `[seed, case id, sample]`, written without
    spaces: every server takes a number of that size (some read 32 bits, some with a sign).
    """
    digest = hashlib.sha256(msgspec.json.encode((seed, case_id, sample))).digest()
    return int.from_bytes(digest[:4]) >> 1
