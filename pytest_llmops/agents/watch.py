"""Waiting for a program to end, or putting an end to it: clock, silence, memory, spent budgets."""

import time
from collections.abc import Callable

from pytest_llmops.agents.jail import Jail
from pytest_llmops.agents.proxy import Proxy
from pytest_llmops.agents.settings import Budget
from pytest_llmops.completions import Ending

PULSE = 0.1
"""Seconds between two looks at an agent that runs."""
STARTUP = 120.0
"""Seconds a program has to its first call, if its budget of silence is less: some take long."""
GRACE = 3.0
"""Seconds an agent has to end by itself once a budget is spent."""


async def watch(
    jail: Jail, proxy: Proxy, budget: Budget, ending: Callable[[Jail, int], tuple[Ending, str]]
) -> tuple[Ending, str]:
    """See how a program ends.

    Args:
        jail: Where it runs.
        proxy: Between it and its model.
        budget: What it may spend.
        ending: How it says itself that it ended; see `adapter.Adapter`.
    """
    began, last = time.monotonic(), -1
    while (status := await jail.wait(PULSE)) is None:
        now = time.monotonic()
        size = jail.written
        if size != last:
            last, proxy.heard = size, max(proxy.heard, now)
        if proxy.spent:
            await jail.wait(GRACE)
            break
        if proxy.gone:
            return "failed", "the model is gone"
        if found := _beyond(jail, budget, now - began):
            return found
        patience = budget.silence if proxy.calls else max(budget.silence, STARTUP)
        if now - proxy.heard > patience:
            return "silence", f"nothing was heard for {patience:g} s"
    if proxy.spent:
        refused = sum(call.spent for call in proxy.calls)
        calls = "1 further call was" if refused == 1 else f"{refused} further calls were"
        return proxy.spent, f"the budget of {proxy.spent} was spent; {calls} refused"
    assert status is not None
    return ending(jail, status)


def _beyond(jail: Jail, budget: Budget, seconds: float) -> tuple[Ending, str] | None:
    """Which limit of the machine a program has passed."""
    if seconds > budget.seconds:
        return "time", f"{budget.seconds:g} s were over"
    held = jail.held()
    if held > budget.memory * 2**20:
        return "memory", f"its processes held {held / 2**20:,.0f} MiB of {budget.memory:,} MiB"
    return None
