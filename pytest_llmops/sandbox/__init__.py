"""The cage: runs tests against candidates and believes nothing that they say.

    job          what is judged and what comes back
    transformer  TypeScript to JavaScript, outside of the sandbox: parsed, never run
    binaries     where Node and bubblewrap are
    limits       what a sandboxed process may use
    refusal      why none can start
    cage         what a sandboxed process may see and do
    channel      the private channel and what is a report on it
    cell         one process for one job
    pool         processes kept ready

The `.mjs` files are the runtime inside: `runner.mjs` is its entry, `lockdown.mjs` freezes the
language before candidate code loads, the rest is a small test API compatible with vitest's.

What is not covered: side channels, faults of the kernel or of V8, and candidates that change the
observable behaviour of objects which tests share with them on purpose.
"""

from pytest_llmops.sandbox.job import TestJob, TestReport, TestResult
from pytest_llmops.sandbox.pool import NodePool

__all__ = ["NodePool", "TestJob", "TestReport", "TestResult"]
