"""How an attempt ended, by what its calls say beside the program's own word."""

from collections.abc import Collection, Sequence

from pytest_llmops.agents.calls import Call
from pytest_llmops.agents.spending import repeats
from pytest_llmops.agents.turns import BROKE
from pytest_llmops.completions import Ending, FinishReason, Turn
from pytest_llmops.errors import EndpointError


def finish_of(calls: Sequence[Call], turns: Sequence[Turn]) -> FinishReason:
    """How an attempt's answers ended: as the last, or cut off where some were lost.

    Their tokens are in no count, so the attempt's are a lower bound, as those of an answer at its
    limit: whoever compares must not take it for a short one.
    """
    if any(call.lost for call in calls):
        return "length"
    ended = [turn.finish_reason for turn in turns if turn.purpose != BROKE]
    return ended[-1] if ended else "other"


def settled(
    calls: Sequence[Call], ended: tuple[Ending, str], where: str, strange: Collection[str]
) -> tuple[Ending, str]:
    """What an ending was: a program that failed because its model did has none.

    Args:
        calls: In order.
        ended: How the program ended, and why, in words.
        where: The model that was asked.
        strange: What was asked that the proxy does not have.

    Raises:
        EndpointError: The model was asked, and the last thing that it said was a fault, or some
            answer has no counts; or the program ended and never asked it.
    """
    ending, detail = ended
    if uncounted := next((call for call in calls if call.uncounted), None):
        raise EndpointError(f"{where}: {uncounted.fault}")
    if lost := sum(call.lost for call in calls):
        detail += f"; {lost} of its answers were cut off and not counted"
    if not calls and ending in {"done", "failed"}:
        asked = f"; it asked {', '.join(sorted(strange))}, which the proxy does not have"
        raise EndpointError(f"never asked its model: {detail}{asked if strange else ''}")
    if ending != "failed":
        return ending, detail
    if calls[-1].fault:
        raise EndpointError(f"{where}: {calls[-1].fault}")
    return ("repeated" if repeats([call for call in calls if call.answered]) else ending), detail
