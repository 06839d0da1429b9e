"""The cage: runs tests against candidates and believes nothing that they say.

    job          what is judged and what comes back
    binaries     where Node and bubblewrap are
    npm          npm, run in one place
    limits       what a sandboxed process may use
    refusal      why none can start
    syscalls     what system calls a program may make that can make any
    cage         what a sandboxed process may see and do
    orphans      what killed bubblewraps leave behind, ended
    companion    a trusted process that reads what nobody has to trust, one request at a time
    channel      the private channel and what is a report on it
    waiting      time in which a process waited for others
    cell         one process for one job
    pool         processes kept ready
    halves       what the word of a process is worth that the answer can reach
    others       other expectations in the place of those that a test states
    opening      the pool of a source tree
    texts        a source tree for a process that has no file of it
    judge        vitest's runtime and the compilers, built once from pinned npm packages
    node         tests in TypeScript
    python       tests in Python
    vitest       tests in TypeScript, by the vitest that their own repository pins

What is not covered: side channels, faults of the kernel or of V8, and candidates that change the
observable behaviour of objects which tests share with them on purpose.
"""

from collections.abc import Callable, Mapping

from pytest_llmops.cases import LanguageName
from pytest_llmops.sandbox.job import Judge, Round, Section, TestJob, TestReport, TestResult
from pytest_llmops.sandbox.node.pool import NodePool
from pytest_llmops.sandbox.pool import Pool
from pytest_llmops.sandbox.python.pool import PythonPool

POOLS: Mapping[LanguageName, Callable[..., Pool]] = {"typescript": NodePool, "python": PythonPool}
"""What judges source trees, by their language; see `NodePool`, and `opening` for all trees."""

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
