"""Logs of other harnesses as runs: inspect, harbor, promptfoo, lm-eval, deepeval, mini-swe-agent.

Attempts are counted anew from what each of them holds; a harness's own means are never read,
because each leaves other attempts out of them. What a log does not tell is missing, never 0.
"""
