"""What the calls of a loop may take, have taken, and ask for."""

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_llmops.agents.calls import Call
from pytest_llmops.agents.settings import Budget
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.completions import Ending, Usage
from pytest_llmops.models import Prices

SAME = 5
"""Answers in a row that ask for the same, after which the loop is one."""
CAPS = ("max_tokens", "max_completion_tokens")


def usage_of(calls: Sequence[Call]) -> Usage:
    """Tokens of all calls that are counted."""
    counted = (call.usage for call in calls if call.usage)
    return sum(counted, Usage(input=0, output=0))


def under_way(calls: Sequence[Call]) -> list[Call]:
    """Calls whose answer has not come."""
    return [call for call in calls if not (call.ended or call.fault)]


def repeats(answered: Sequence[Call]) -> bool:
    """Whether the last answers ask for the same."""
    last = [call.asks_for for call in answered[-SAME:]]
    return len(last) == SAME and bool(last[0]) and len(set(last)) == 1


def spent_by(calls: Sequence[Call], budget: Budget, prices: Prices | None) -> Ending | None:
    """The budget that the calls before the last have spent; one under way is a turn already."""
    answered, usage = [call for call in calls if call.answered], usage_of(calls)
    if repeats([call for call in answered if not call.left]):
        return "repeated"
    if len(answered) + len(under_way(calls[:-1])) >= budget.turns:
        return "turns"
    if usage.input + usage.output >= budget.tokens:
        return "tokens"
    if budget.cost and prices and prices.cost(usage) >= budget.cost:
        return "cost"
    return None


def asked_of(
    endpoint: Endpoint, fields: Mapping[str, Any], body: Mapping[str, Any]
) -> dict[str, Any]:
    """An agent's request as the model is asked it.

    Args:
        endpoint: Of the model.
        fields: What every request says, whatever the agent says.
        body: What the agent says.
    """
    said = (body.get(name) for name in CAPS)
    limits = [fields["max_tokens"], *(n for n in said if type(n) is int and n > 0)]
    own = {name: value for name, value in body.items() if name not in CAPS}
    name = CAPS["max_tokens" in endpoint.omit]
    ours = {**fields, "model": endpoint.model}
    del ours["max_tokens"]
    ours[name] = min(limits)
    if body.get("stream"):
        ours["stream_options"] = {"include_usage": True}
    kept = {key: value for key, value in (own | ours).items() if key not in endpoint.omit}
    return kept | dict(endpoint.extra)


def limit_of(content: Mapping[str, Any]) -> int | None:
    """Most output tokens that a request asks for; None where it names no limit."""
    limits = (content.get(name) for name in reversed(CAPS))
    return next((limit for limit in limits if isinstance(limit, int)), None)
