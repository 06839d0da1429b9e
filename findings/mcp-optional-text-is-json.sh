#!/usr/bin/env bash
# mcp 2.3.0 (MCP's SDK for Python): an optional text argument of a tool is None where it is "null", and refused where it is JSON.
#
# The schema that the server gives to a model says that the argument is a string or null, so one would expect a string
# that was sent to arrive. As some clients put lists into strings, the server parses each string whose annotation is not
# exactly `str`, and takes what comes out if it is an object, a list or null. With `text: str | None` the text of a JSON
# file is refused ("should be a valid string"), though it is one, and the text "null" becomes None: a search for that
# word has no pattern, and a file is written empty. With `str | list[str]` or `Any` a text becomes a list or a dict. The
# same call works with other text, so this comes and goes with the content; where it is not refused, nothing is told.
# `text: str = ""` is left alone, and so are the fields of a model. The package fastmcp (4.2.3) leaves all of them alone.
#
# Needs Python 3.11 or later and about 60 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check mcp==2.3.0
cat > tools.py <<'PY'
import asyncio
import logging
from typing import Any

from mcp import Client
from mcp.server.mcpserver import MCPServer

server = MCPServer("files")
logging.disable()


@server.tool()
def exact(text: str = "") -> str:
    return repr(text)


@server.tool()
def optional(text: str | None = None) -> str:
    return repr(text)


@server.tool()
def several(text: str | list[str]) -> str:
    return repr(text)


@server.tool()
def anything(text: Any) -> str:
    return repr(text)


async def main() -> None:
    async with Client(server) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        print("optional:", tools["optional"].input_schema["properties"]["text"]["anyOf"])
        for text in "no JSON", '{"limit": 10}', '["a", "b"]', "null", "10", "true":
            print(f"text {text!r}")
            for name in tools:
                result = await client.call_tool(name, {"text": text})
                lines = result.content[0].text.splitlines()
                told = lines[0] if not result.is_error else "refused: " + lines[-2].split(" [")[0].strip()
                print(f"  {name}: {told}")


asyncio.run(main())
PY
env/bin/python tools.py | tee found
diff found - <<'EXPECTED'
optional: [{'type': 'string'}, {'type': 'null'}]
text 'no JSON'
  exact: 'no JSON'
  optional: 'no JSON'
  several: 'no JSON'
  anything: 'no JSON'
text '{"limit": 10}'
  exact: '{"limit": 10}'
  optional: refused: Input should be a valid string
  several: refused: Input should be a valid list
  anything: {'limit': 10}
text '["a", "b"]'
  exact: '["a", "b"]'
  optional: refused: Input should be a valid string
  several: ['a', 'b']
  anything: ['a', 'b']
text 'null'
  exact: 'null'
  optional: None
  several: refused: Input should be a valid list
  anything: None
text '10'
  exact: '10'
  optional: '10'
  several: '10'
  anything: '10'
text 'true'
  exact: 'true'
  optional: 'true'
  several: 'true'
  anything: 'true'
EXPECTED
echo "as described"
