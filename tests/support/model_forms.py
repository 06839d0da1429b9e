"""Forms in which models of several makers give a function: from its symbol and body to the answer.

More of `answer_forms`: bodies that go on from the question, tool calls, what is nearly JSON, marks
of turns and of thinking, several blocks.
"""
# ruff: noqa: ARG005, E501 - a table, one form a line

import json

from answer_forms import HEADS, WRONG, fenced, file_with, inside, marked, stub, whole


def goes_on(body):
    """The body as a base model gives it that goes on from the head."""
    return f"{inside(body)}\n}}"


def arguments(s, b, key="content"):
    return json.dumps({"path": "src/words.ts", key: whole(s, b)})


def before(body, line):
    return f"{line}\n{body}"


def numbered(code, behind):
    return "\n".join(f"{n:>6}{behind}{line}" for n, line in enumerate(code.split("\n"), 1))


def replaces(s, b):
    return {"old_str": f"{HEADS[s]}\n  // ...", "new_str": f"{HEADS[s]}\n{inside(b)}"}


def parameters(given, prefix=""):
    inner = "\n".join(
        f'<{prefix}parameter name="{name}">{value}</{prefix}parameter>' for name, value in given
    )
    return f'<{prefix}invoke name="edit">\n{inner}\n</{prefix}invoke>'


ESCAPE = 'void "a\\n\\r\\\\".split("\\n");'
TEMPLATE = "void `\n<think>\na\n</think>\n`;"
BEGUN = "void `\n<think>\n`;"
ENDED = "void `\n</think>\n`;"
THOUGHT = (
    ("reflection", "<reflection>", "</reflection>"),
    ("analysis", "<analysis>", "</analysis>"),
    ("Thinking", "<Thinking>", "</Thinking>"),
    ("marks", "<|START_THINKING|>", "<|END_THINKING|>"),
)
FORMS = {
    "the body, gone on": lambda s, b: goes_on(b),
    "the body, gone on, in a fence": lambda s, b: fenced(goes_on(b)),
    "the body, gone on, in a fence without label": lambda s, b: fenced(goes_on(b), ""),
    "the body, gone on, and the end of a fence": lambda s, b: f"{goes_on(b)}\n```\n\nThat's it; it isn't long.",
    "the body, gone on, and other functions": lambda s, b: f"{goes_on(b)}\n\nexport function other(a: number): number {{\n  return a;\n}}",
    "the body and a bracket of its own": lambda s, b: fenced(f"{goes_on(b)};"),
    "head, body and end in blocks": lambda s, b: f"The head:\n{fenced(HEADS[s])}\nthe body:\n{fenced(inside(b))}\nthe end:\n{fenced('}')}",
    "code behind the fence": lambda s, b: f"```typescript {whole(s, b)}\n```",
    "code behind the fence, without label": lambda s, b: f"```{whole(s, b)}```",
    "a call behind a mark": lambda s, b: f"<|python_tag|>{arguments(s, b)}<|eom_id|>",
    "a call behind its name": lambda s, b: f"[TOOL_CALLS]write_file[ARGS]{arguments(s, b)}",
    "a call in a function tag": lambda s, b: f"<function=write_file>{arguments(s, b)}</function>",
    "a call in the commentary": lambda s, b: "<|channel|>analysis<|message|>So.<|end|><|start|>assistant<|channel|>commentary to=functions.write "
        f"<|constrain|>json<|message|>{arguments(s, b)}<|call|>",
    "a call of Python": lambda s, b: fenced(f'print(write(path="a.ts", content={json.dumps(whole(s, b))}))', "tool_code"),
    "a call of keys and values": lambda s, b: f"<tool_call>write\n<arg_key>content</arg_key>\n<arg_value>{whole(s, b)}</arg_value>\n</tool_call>",
    "a final channel": lambda s, b: f"<|channel|>final<|message|>{whole(s, b)}<|return|>",
    "an end mark without a fence": lambda s, b: f"{whole(s, b)}<|eot_id|>",
    "a turn of the user": lambda s, b: f"{whole(s, b)}<|im_end|>\n<|im_start|>user\nThanks! And function other?",
    "JSON of lines": lambda s, b: json.dumps({"code": whole(s, b).split("\n")}),
    "JSON with a comma too much": lambda s, b: f'{{\n  "code": {json.dumps(whole(s, b))},\n}}',
    "JSON with a comment": lambda s, b: f'{{\n  // it\n  "code": {json.dumps(whole(s, b))}\n}}',
    "JSON in the quotes of Python": lambda s, b: f"{{'code': {whole(s, before(b, ESCAPE))!r}}}",
    "JSON without its end": lambda s, b: json.dumps({"code": whole(s, b)})[:-1],
    "JSON of code with escapes": lambda s, b: json.dumps({"role": "assistant", "content": fenced(whole(s, before(b, ESCAPE)))}),
    "old and new in JSON": lambda s, b: json.dumps({"name": "edit", "input": replaces(s, b)}),
    "new before a complete old": lambda s, b: json.dumps({"new_string": whole(s, b), "old_string": whole(s, WRONG[s])}),
    "new before a complete old in tags": lambda s, b: parameters([("new_str", whole(s, b)), ("old_str", whole(s, WRONG[s]))]),
    "old and new in tags of a name space": lambda s, b: parameters([("old_str", stub(s)), ("new_str", whole(s, b))], "ns:"),
    "many names in backticks beside a patch": lambda s, b: "".join(f"Not `name{n}`. " for n in range(20))
        + f"\n\n*** Begin Patch\n*** Add File: src/words.ts\n{marked(file_with(s, b), '+')}\n*** End Patch",
    "a mock in a test": lambda s, b: f"{fenced(whole(s, b))}\nTest:\n" + fenced(
        f'import {{ it, vi }} from "vitest";\nconst {s.rpartition(".")[2]} = vi.fn(() => 1);\nit("x", () => {{}});'),
    "numbers with a tab": lambda s, b: fenced(numbered(whole(s, b), "\t")),
    "numbers with an arrow": lambda s, b: fenced(numbered(whole(s, b), "→")),
    "numbers with a tab before brackets": lambda s, b: fenced(numbered(whole(s, b).replace("(", "(\n", 1).replace(")", "\n)", 1), "\t")),
    "numbers with a dot": lambda s, b: fenced(numbered(whole(s, b), ". ")),
    "prompts of Node": lambda s, b: fenced("> " + whole(s, b).replace("\n", "\n... ")),
    "entities by number": lambda s, b: "<pre>" + whole(s, b).replace("&", "&#38;").replace("<", "&#60;").replace(">", "&#62;") + "</pre>",
    "thinking alone on a line of code": lambda s, b: fenced(whole(s, before(b, TEMPLATE))),
    "thinking begun on a line of code": lambda s, b: fenced(whole(s, before(b, BEGUN))),
    "thinking ended on a line of code": lambda s, b: fenced(whole(s, before(b, ENDED))),
    **{
        f"a draft in {name}, then the body": lambda s, b, first=first, last=last: f"{first}\nSo:\n{fenced(whole(s, WRONG[s]))}\n{last}\n\n{fenced(b)}"
        for name, first, last in THOUGHT
    },
    "merge marks": lambda s, b: fenced(f"<<<<<<< HEAD\n{stub(s)}\n=======\n{whole(s, b)}\n>>>>>>> mine"),
}  # fmt: skip
OF_METHODS = {
    "the name of its class": lambda s, b: fenced(f"Ledger.{whole(s, b)}"),
    "the prototype of its class": lambda s, b: fenced(f"Ledger.prototype.{whole(s, b)}"),
}
