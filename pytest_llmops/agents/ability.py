"""Whether a model takes tools, asked before any case is: a program without them does nothing.

One answer of one token, with a tool beside the question. A refusal in words that speak of tools is
told; anything else is left to the attempts, which tell it better.
"""

import json

from pytest_llmops.addresses import CHAT
from pytest_llmops.agents.settings import ProgramAgent
from pytest_llmops.client.connections import Connections, ask_once
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.client.faults import error_of
from pytest_llmops.completions import Message, Request, Sampling
from pytest_llmops.errors import AgentError, EndpointError

PATIENCE = 60.0
"""Seconds for the one try."""
REFUSED = {400, 404, 405, 422, 500, 501}
"""Statuses with which servers refuse what they do not know."""
WORDS = (b"tool", b"function call")
_QUESTION = Request(
    case_id="tools",
    sample=0,
    messages=(Message("user", "Answer with one word."),),
    sampling=Sampling(max_tokens=1),
)
_TOOL = {
    "type": "function",
    "function": {
        "name": "nothing",
        "description": "Does nothing.",
        "parameters": {"type": "object", "properties": {"why": {"type": "string"}}},
    },
}


def require_tools(agent: ProgramAgent, endpoint: Endpoint) -> None:
    """Refuse a model that does not take tools.

    Raises:
        AgentError: It says so; quotes it.
    """
    body = json.loads(endpoint.body(_QUESTION)) | {"tools": [_TOOL]}
    try:
        status, said = ask_once(
            Connections(endpoint, PATIENCE),
            CHAT,
            json.dumps(body).encode(),
            seconds=PATIENCE,
            read=REFUSED,
        )
    except EndpointError:
        return
    if any(word in said.lower() for word in WORDS):
        raise AgentError(
            f"--agent={agent.name} calls tools, and {endpoint.where} does not take them: "
            f"{endpoint.redact(str(error_of(status, said)))}"
        )
