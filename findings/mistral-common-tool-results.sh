#!/usr/bin/env bash
# mistral-common 1.13.1: what a tool returned is rewritten where it happens to be JSON: 3.10 becomes 3.1, 71e2045 Infinity.
#
# The content of a tool's message is a string, so one would expect the model to see that string, in quotes where the
# format needs them. The tokenizers of version 3 parse it, and write what they parsed. A version number loses its zero, an
# amount its digits, the short hash of a commit that has one `e` among digits is infinite, and a JSON file that an agent
# reads is on one line, without its indentation, so an edit that quotes a line of it as the model saw it finds nothing.
# Text that is no JSON stays, and the same text in version 7 as well, so this comes and goes with the content and the
# model. Nothing is told. A word in front of the result keeps it.
#
# Needs Python 3.11 or later and about 100 MB for a while; the tokenizers are part of the package.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check \
  mistral-common==1.13.1 sentencepiece==0.2.3 numpy==2.3.5 pydantic==2.14.4
cat > ask.py <<'PY'
from mistral_common.protocol.instruct.messages import AssistantMessage, ToolMessage, UserMessage
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.protocol.instruct.tool_calls import FunctionCall, ToolCall
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

RESULTS = ["3.10", "71e2045", "1234567890.123456789", '{\n  "port": 8080\n}', "Python 3.10", "a71e204"]


def seen(tokenizer, result):
    """What is between the marks of a result in the prompt; blanks as blanks, a line's end as \\n."""
    call = ToolCall(id="abcdefghi", function=FunctionCall(name="run", arguments="{}"))
    messages = [
        UserMessage(content="Run it."),
        AssistantMessage(tool_calls=[call]),
        ToolMessage(content=result, tool_call_id="abcdefghi", name="run"),
    ]
    prompt = tokenizer.encode_chat_completion(ChatCompletionRequest(messages=messages)).text
    found = prompt.partition("[TOOL_RESULTS]")[2].partition("[/TOOL_RESULTS]")[0]
    return found.replace("\u2581", " ").replace("<0x0A>", "\n").replace("\n", "\\n").strip()


tokenizers = {"3": MistralTokenizer.v3(), "3, Tekken": MistralTokenizer.v3(is_tekken=True), "7": MistralTokenizer.v7()}
for name, tokenizer in tokenizers.items():
    for result in RESULTS:
        print(f"version {name}: {result!r} is seen as {seen(tokenizer, result)}")
PY
env/bin/python -W ignore ask.py 2> errors | tee found || { cat errors; exit 1; }
diff found - <<'EXPECTED'
version 3: '3.10' is seen as {"content": 3.1, "call_id": "abcdefghi"}
version 3: '71e2045' is seen as {"content": Infinity, "call_id": "abcdefghi"}
version 3: '1234567890.123456789' is seen as {"content": 1234567890.1234567, "call_id": "abcdefghi"}
version 3: '{\n  "port": 8080\n}' is seen as {"content": {"port": 8080}, "call_id": "abcdefghi"}
version 3: 'Python 3.10' is seen as {"content": "Python 3.10", "call_id": "abcdefghi"}
version 3: 'a71e204' is seen as {"content": "a71e204", "call_id": "abcdefghi"}
version 3, Tekken: '3.10' is seen as {"content": 3.1, "call_id": "abcdefghi"}
version 3, Tekken: '71e2045' is seen as {"content": Infinity, "call_id": "abcdefghi"}
version 3, Tekken: '1234567890.123456789' is seen as {"content": 1234567890.1234567, "call_id": "abcdefghi"}
version 3, Tekken: '{\n  "port": 8080\n}' is seen as {"content": {"port": 8080}, "call_id": "abcdefghi"}
version 3, Tekken: 'Python 3.10' is seen as {"content": "Python 3.10", "call_id": "abcdefghi"}
version 3, Tekken: 'a71e204' is seen as {"content": "a71e204", "call_id": "abcdefghi"}
version 7: '3.10' is seen as abcdefghi[TOOL_CONTENT] 3.10
version 7: '71e2045' is seen as abcdefghi[TOOL_CONTENT] 71e2045
version 7: '1234567890.123456789' is seen as abcdefghi[TOOL_CONTENT] 1234567890.123456789
version 7: '{\n  "port": 8080\n}' is seen as abcdefghi[TOOL_CONTENT] {\n  "port": 8080\n}
version 7: 'Python 3.10' is seen as abcdefghi[TOOL_CONTENT] Python 3.10
version 7: 'a71e204' is seen as abcdefghi[TOOL_CONTENT] a71e204
EXPECTED
echo "as described"
