"""The cage: runs tests against candidates and believes nothing that they say.

    job          what is judged and what comes back
    judge        vitest's runtime and the compilers, built once from pinned npm packages
    companion    a trusted process that reads what nobody has to trust, one request at a time
    transformer  TypeScript to JavaScript, outside of the sandbox: parsed, never run
    binaries     where Node and bubblewrap are
    installation npm packages of a suite, installed from its lock file
    packed       the same, compiled for the sandbox to read
    limits       what a sandboxed process may use
    refusal      why none can start
    cage         what a sandboxed process may see and do
    channel      the private channel and what is a report on it
    node         Node with the judge, as what runs in a cage
    cell         one process for one job
    pool         processes kept ready
    python       the same for tests in Python

The `.mjs` files are the runtime inside: `runner.mjs` is its entry, `lockdown.mjs` freezes the
language before candidate code loads, `host.mjs` drives vitest's runtime, and `modules.mjs` runs the
job's files. `transform.mjs` with what it imports is the trusted compiler.

What is not covered: side channels, faults of the kernel or of V8, and candidates that change the
observable behaviour of objects which tests share with them on purpose.
"""

from collections.abc import Callable, Mapping

from pytest_llmops.cases import LanguageName
from pytest_llmops.sandbox.job import Judge, Round, Section, TestJob, TestReport, TestResult
from pytest_llmops.sandbox.pool import NodePool, Pool
from pytest_llmops.sandbox.python.pool import PythonPool

POOLS: Mapping[LanguageName, Callable[..., Pool]] = {"typescript": NodePool, "python": PythonPool}
"""What judges source trees, by their language; see `NodePool`."""

__all__ = [
    "POOLS",
    "Judge",
    "NodePool",
    "Pool",
    "Round",
    "Section",
    "TestJob",
    "TestReport",
    "TestResult",
]
