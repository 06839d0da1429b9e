"""What takes long to make and is only read: made once, by the worker that asks for it first."""

import fcntl
import os
import shutil


def made_once(tmp_path_factory, name, make):
    """A folder that all workers share; `make` fills it, while others that ask for it wait."""
    root = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        root = root.parent
    folder, made = root / name, root / f"{name}.made"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)  # what another began and could not end
            folder.mkdir()
            make(folder)
            made.touch()
    return folder
