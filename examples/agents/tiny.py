"""An agent of your own, attached by this one file: `kind = "tiny.py"` in agents.toml.

The program here is forty lines of JavaScript with a shell as its only tool; yours may be anything
that runs on Linux and asks an OpenAI-compatible endpoint.
"""

import json
from pathlib import Path

from pytest_llmops.agents.jail import HOME, URL, Jail, Start
from pytest_llmops.agents.settings import ProgramAgent
from pytest_llmops.completions import Ending

VERSION = "1"
PLACE = ""  # nothing to install; else a file that is there once `install` is done

PROGRAM = """
import { spawnSync } from "node:child_process";

const [url, task] = process.argv.slice(2);
const parameters = { type: "object", properties: { command: { type: "string" } } };
const tools = [{ type: "function", function: { name: "bash", parameters } }];
const messages = [{ role: "user", content: task }];

function run(call) {
  try {
    const { command } = JSON.parse(call.function.arguments);
    const done = spawnSync("bash", ["-c", command], { encoding: "utf8" });
    return { status: done.status, output: done.stdout + done.stderr };
  } catch (error) {
    return { status: -1, output: String(error) };
  }
}

for (;;) {
  const asked = { method: "POST", body: JSON.stringify({ model: "model", messages, tools }) };
  const response = await fetch(`${url}/chat/completions`, asked);
  if (!response.ok) {
    console.log(JSON.stringify({ ended: "failed", why: `status ${response.status}` }));
    break;
  }
  const { message } = (await response.json()).choices[0];
  messages.push(message);
  if (!message.tool_calls?.length) {
    console.log(JSON.stringify({ ended: "done", why: "no further call" }));
    break;
  }
  for (const call of message.tool_calls) {
    const content = JSON.stringify(run(call));
    messages.push({ role: "tool", tool_call_id: call.id, content });
  }
}
"""


def install(folder: Path, version: str) -> None:
    """Fetch the program into a folder: nothing to do here."""


def prepare(
    agent: ProgramAgent,
    jail: Jail,
    folder: Path,  # noqa: ARG001 nothing is installed there
    task: str,
) -> Start:
    """Put files where the sandbox shows them, and say how the program is started."""
    (jail.home / "agent.mjs").write_text(PROGRAM)
    rules = f"\n\n{agent.text}" if agent.text else ""
    return Start(
        argv=("/opt/node/node", f"{HOME}/agent.mjs", URL, task + rules),
        environment={},  # variables that the program needs
        shown=(),  # files and folders that it may read, and where: ((folder, "/opt/agent"),)
    )


def ending(jail: Jail, status: int) -> tuple[Ending, str]:
    """`done` or `failed`, by the program's own word; the tests judge what it did."""
    try:
        said = json.loads(jail.stdout.read_text().splitlines()[-1])
        return ("done" if said["ended"] == "done" else "failed"), f"tiny: {said['why']}"
    except (ValueError, LookupError):
        return "failed", f"tiny ended with status {status}: {jail.words()}"


def failed(result: str) -> bool:
    """Whether what a tool gave back is an error."""
    return '"status":0' not in result
