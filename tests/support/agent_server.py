"""A model that plays scenarios for agents: it calls tools, and counts its own tokens.

A scenario is a list of steps; which one is next is told by the conversation itself, so that many
attempts at once, tries again and resumed sessions all meet the right one. The last is for ever.
"""

import json

from chat_server import ChatServer

from pytest_llmops.completions import Usage


def shell(command):
    """Step: have a command run."""
    return {"shell": command}


def say(text):
    """Step: text, and no tool."""
    return {"text": text}


def done(text="It is done."):
    """Step: end the work, each agent's way."""
    return {"done": text}


def call(name, arguments):
    """Step: a tool by name, with arguments as text."""
    return {"name": name, "arguments": arguments}


def varying(command):
    """Step: another command each time it is met; `{n}` is the turn's number."""
    return {"varying": command}


SHELLS = {
    "cline": lambda command: ("run_commands", json.dumps({"commands": [command]})),
    "mini": lambda command: ("bash", json.dumps({"command": command})),
    "pi": lambda command: ("bash", json.dumps({"command": command})),
}
SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"


class AgentServer(ChatServer):
    """Plays one scenario to an agent; `usage` are its own sums, `counted` two of them."""

    def __init__(self, agent, *steps, faults=(), counts=True):
        """Play steps.

        Args:
            agent: Whose tools are called.
            steps: Steps, or scripts of `chat_server` in place of one.
            faults: Scripts that answer the first calls, before any step.
            counts: Whether it tells its counts.
        """
        super().__init__(models=[{"id": "m"}])
        self._agent = agent
        self._steps = steps
        self._faults = list(faults)
        self._counts = counts
        self.usage = Usage(input=0, output=0)
        self.place = ""
        """Its URL, which a command may name as `{url}`."""
        self._scripts = [self._play]

    @property
    def counted(self):
        return [self.usage.input, self.usage.output]

    async def _play(self, one):
        if (
            one.body.get("max_tokens") == 1
        ):  # the question whether it takes tools, which no agent asks
            self.calls.remove(one)
            await one.whole(200, {"choices": [], "usage": {"prompt_tokens": 1}})
            return
        if self._faults:
            await self._faults.pop(0)(one)
            return
        turn = sum(message["role"] == "assistant" for message in one.body["messages"])
        step = self._steps[min(turn, len(self._steps) - 1)]
        if callable(step):
            await step(one)
        else:
            await self._answer(one, *self._tool(step, turn))

    def _tool(self, step, turn):
        """Text, and name and arguments of a tool, or None."""
        if "text" in step or ("done" in step and self._agent != "mini"):
            return step.get("text", step.get("done")), None
        if "name" in step:
            return "", (step["name"], step["arguments"])
        command = step.get("shell") or step.get("varying", "").replace("{n}", str(turn)) or SUBMIT
        return "", SHELLS[self._agent](command.replace("{url}", self.place))

    async def _answer(self, one, text, tool):
        prompt = len(json.dumps([one.body["messages"], one.body.get("tools")])) // 4
        output = 5 + len(text + "".join(tool or ())) // 4
        cached, written, reasoned = prompt // 2 // 64 * 64, prompt % 64, output // 3
        self.usage += Usage(
            input=prompt, output=output, cached=cached, cache_write=written, reasoning=reasoned
        )
        usage = {
            "prompt_tokens": prompt,
            "completion_tokens": output,
            "total_tokens": prompt + output,
            "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
            "completion_tokens_details": {"reasoning_tokens": reasoned},
        }
        reason = "tool_calls" if tool else "stop"
        message = {"role": "assistant", "content": text or None}
        if tool:
            function = {"name": tool[0], "arguments": tool[1]}
            asked = {
                "id": f"call_{len(one.body['messages'])}",
                "type": "function",
                "function": function,
            }
            message["tool_calls"] = [asked]
        if one.body.get("stream"):
            await self._stream(one, message, reason, usage)
        else:
            choice = {"index": 0, "message": message, "finish_reason": reason}
            document = {"id": "x", "object": "chat.completion", "created": 1, "model": "m"}
            told = {"usage": usage} if self._counts else {}
            await one.whole(200, document | {"choices": [choice]} | told)

    async def _stream(self, one, message, reason, usage):
        head = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        await one.head()
        if message["content"]:
            delta = {"role": "assistant", "content": message["content"]}
            await one.event(head | {"choices": [{"index": 0, "delta": delta}]})
        for asked in message.get("tool_calls", ()):
            arguments = asked["function"]["arguments"]
            first = asked | {"index": 0, "function": asked["function"] | {"arguments": ""}}
            await one.event(head | {"choices": [{"index": 0, "delta": {"tool_calls": [first]}}]})
            for piece in (arguments[: len(arguments) // 2], arguments[len(arguments) // 2 :]):
                more = {"index": 0, "function": {"arguments": piece}}
                await one.event(head | {"choices": [{"index": 0, "delta": {"tool_calls": [more]}}]})
        end = {"index": 0, "delta": {}, "finish_reason": reason}
        await one.event(head | {"choices": [end]})
        if self._counts and (one.body.get("stream_options") or {}).get("include_usage"):
            await one.event(head | {"choices": [], "usage": usage})
        await one.raw(b"data: [DONE]\n\n")
        await one.end()
