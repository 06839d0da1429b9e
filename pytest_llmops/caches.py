"""Where this machine keeps what can be made again.

Known here for the two systems that are supported: platformdirs, which knows more of them, loads a
plugin into every pytest session of the environment that it is installed in.
"""

import os
import sys
from pathlib import Path

NAME = "pytest-llmops"


def user_cache() -> Path:
    """The user's folder; `XDG_CACHE_HOME` moves it."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if named.is_absolute():  # others do not count, says the specification
        return named / NAME
    home = Path.home()
    return (home / "Library/Caches" if sys.platform == "darwin" else home / ".cache") / NAME


def shared_cache() -> Path:
    """The folder of what unprivileged processes of ours must read, too: for root the system's."""
    if os.geteuid() != 0:
        return user_cache()
    return Path("/Library/Caches" if sys.platform == "darwin" else "/var/cache", NAME)
