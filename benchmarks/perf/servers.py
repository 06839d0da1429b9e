"""Places to send runs to: stand-ins in a process of their own, and a real MLflow server."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))


@contextmanager
def servers(
    home: Path, serve: Callable[[Connection], None], workers: int = 1
) -> Iterator[dict[str, str]]:
    """Start every server; gives the environment that leads to them.

    Args:
        home: Folder of the MLflow server.
        serve: Runs the stand-ins: sends their variables, then waits for a word to end.
        workers: Of the MLflow server.
    """
    from mlflow_server import mlflow_server  # type: ignore[import-not-found]

    ours, theirs = multiprocessing.Pipe()
    stand_ins = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
    stand_ins.start()
    try:
        with mlflow_server(home, workers=workers) as server:
            yield {**os.environ, **ours.recv(), "MLFLOW_TRACKING_URI": server}
    finally:
        ours.send("enough")
        stand_ins.join()
