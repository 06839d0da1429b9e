"""Cases shown with tabs, so that an adapter does not depend on how its training cases are indented.

To many tokenizers a newline with the blank after it is one token, and a newline before a tab is
another. An adapter that only ever saw the first takes the second for the end of the function.
"""

import hashlib
import re
from collections.abc import Sequence

from msgspec.structs import replace

from finetune.examples import Answer, Count, Question
from finetune.pairs import Pair

BLANKS = re.compile(r"^ {2,}", re.MULTILINE)


def show_with_tabs(pairs: Sequence[Pair], share: float, seed: int, count: Count) -> list[Pair]:
    """Show a share of the cases with tabs: question and all answers, which mean the same then.

    Args:
        pairs: Of any cases; all pairs of a case are changed together.
        share: Of the cases, rounded to whole ones.
        seed: With the ids of the cases it decides which.
        count: Tokens of a completion, which are others with tabs.

    Returns:
        The pairs in their order.
    """
    cases = {one.chosen.question.case for one in pairs}
    drawn = sorted(cases, key=lambda case: hashlib.sha256(f"{seed}:{case}".encode()).digest())
    shown = frozenset(drawn[: round(share * len(drawn))])
    return [_shown(one, count) if one.chosen.question.case in shown else one for one in pairs]


def with_tabs(text: str) -> str:
    """Indent code with tabs instead of blanks, whether it is fenced or not.

    A level is as wide as the smallest indentation of two blanks or more. What is left of a line's
    indentation, as before the asterisks of a comment, stays blanks. Lines within a template literal
    are content and stay as they are.
    """
    width = min((len(found) for found in BLANKS.findall(text)), default=0)
    if not width:
        return text
    lines, literal = [], False
    for line in text.split("\n"):
        depth = (len(line) - len(line.lstrip(" "))) // width
        lines.append(line if literal else "\t" * depth + line[depth * width :])
        fence = line.lstrip().startswith("```")
        literal = not fence and literal != bool(line.count("`") % 2)
    return "\n".join(lines)


def _shown(one: Pair, count: Count) -> Pair:
    question = _question(one.chosen.question)
    chosen, rejected = (_answer(each, question, count) for each in (one.chosen, one.rejected))
    return replace(one, chosen=chosen, rejected=rejected, indent="tabs")


def _question(question: Question) -> Question:
    messages = tuple(replace(each, content=with_tabs(each.content)) for each in question.messages)
    return replace(question, messages=messages)


def _answer(answer: Answer, question: Question, count: Count) -> Answer:
    text = with_tabs(answer.completion)
    return replace(answer, question=question, completion=text, output_tokens=count(text))
