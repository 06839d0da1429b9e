"""A folder of runs that the tests of the viewer look at, and a client that asks for its pages."""

import msgspec
from report_runs import attempts, gated, recorded, written
from starlette.testclient import TestClient

from pytest_llmops.runs.checkout import Checkout
from pytest_llmops.viewer.app import build_app
from pytest_llmops.viewer.references import References
from pytest_llmops.viewer.shelf import Shelf

HOST = "127.0.0.1:8000"
TOKEN = "a-token-that-is-long"


def named(run, **fields):
    return msgspec.structs.replace(run, run=msgspec.structs.replace(run.run, **fields))


def fill(folder):
    """Write three runs of 24 cases: a baseline, a candidate that was judged, and a dear model."""
    base = recorded(attempts(24))
    checkout = Checkout(commit="1a2b3c4" + "0" * 33, branch="shorter-prompt")
    candidate = recorded(attempts(24, solved=0.75, ratio=0.8), model="lora", number=1)
    candidate = gated(
        named(candidate, label="shorter prompt", checkout=checkout), base, "held", reason="fine"
    )
    dear = recorded(attempts(24, solved=0.9, cost=0.01), model="dear", number=2)
    runs = base, candidate, dear
    return [written(folder, run) for run in runs]


def client(folder, suites="no-suites.toml", *, named=(), token=TOKEN):
    """A browser that was given the address."""
    app = build_app(Shelf(folder, named), References(folder / suites), token=TOKEN, host=HOST)
    return TestClient(app, base_url=f"http://{HOST}/{token}/", raise_server_exceptions=True)
