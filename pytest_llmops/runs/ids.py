"""Ids of runs."""

import re
import secrets
import time


def draw_id(model: str) -> str:
    """An id for a run of a model that begins about now."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", model).strip("-.")[:40]
    return f"{stamp}-{slug}-{secrets.token_hex(2)}"
