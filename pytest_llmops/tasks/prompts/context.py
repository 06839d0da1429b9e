"""What a question shows of the program around a function, within a budget of characters.

First comes what the reference needs to know: of all declarations that tell a name which its body
uses and nothing else shows yet, the shortest forms, those first that tell a name with the fewest
characters, its own file and class before the modules that it imports. Then the other things that
it uses, then what signature, comment and class name, then what is near. So the choice tells which
names the solution uses, and nothing else of it: what it does with them can't be read from the text,
and a function with the same body, or nearly the same, is shown without it.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pytest_llmops.tasks.code.languages import language_of
from pytest_llmops.tasks.code.trimming import ELIDED
from pytest_llmops.tasks.materialize import Task
from pytest_llmops.tasks.prompts.parts import FRAME, MEMBER, Part, parts_of
from pytest_llmops.tasks.prompts.reaching import WORD, Told, reach

LEFT_OUT = "..."
"""A comment in the place of what is not shown."""
HERE = "{remark} {symbol} goes here"


class Context(NamedTuple):
    """What is shown of a program."""

    here: str
    """Of the function's own file; "" for nothing."""
    elsewhere: str
    """Of the modules that it imports; "" for nothing."""
    spent: dict[str, int]
    """Characters of each part of the budget; for people."""


def context_of(task: Task, budget: int, asked: str) -> Context:
    """Choose what is shown.

    Args:
        task: The task.
        budget: Characters; 0 shows nothing. The frame of a method's class is shown even beyond any
            other budget.
        asked: What the question shows of the function itself.
    """
    if not budget:
        return Context("", "", {})
    found = reach(task)
    told = {one.start: one for one in found.here}
    remark = language_of(task.module.path).remark
    here = HERE.format(remark=remark, symbol=task.declaration.symbol)
    elided = f"{remark} {LEFT_OUT}"
    parts = [*parts_of(task.module, task.declaration, told, here)]
    choice = _Choice(parts, found.elsewhere, budget, asked)
    choice.need(found.known)
    choice.use(found.uses.wanted)
    target = task.declaration.start
    choice.fill(next(at for at, one in enumerate(parts) if one.start <= target < one.end))
    text = _render(parts, choice.here, elided)
    alone = text.replace(elided, "").strip() == here
    return Context("" if alone else text, _render_others(choice.elsewhere), choice.spent)


class _Choice:
    """What is shown so far, and what is left of the budget."""

    def __init__(
        self, parts: list[Part], others: tuple[Told, ...], budget: int, asked: str
    ) -> None:
        self._parts = parts
        self._others = others
        self.here = {at: one.forms[-1] for at, one in enumerate(parts) if one.rank == FRAME}
        self.elsewhere: list[Told] = []
        frame = sum(map(_cost, self.here.values()))
        self._left = budget - frame
        self._words = {*WORD.findall(asked), *self._said(self.here.values())}
        self.spent = {"frame": frame}

    def need(self, known: frozenset[str]) -> None:
        """Show what tells names that are hidden so far."""
        for group in (self._own(), self._others):
            waiting = [*group]
            while telling := [one for one in waiting if self._gives(one) & known - self._words]:
                best = min(telling, key=lambda one: self._dear(one, known))
                self._show(best, "what the reference needs")
                waiting.remove(best)

    def use(self, wanted: frozenset[str]) -> None:
        """Show what else declares a used name, and the signatures of imported functions."""
        for one in self._shortest():
            direct = isinstance(one, Told) and one.direct and ELIDED not in one.short
            if self._gives(one) & wanted or direct:
                self._show(one, "what it uses as well")

    def fill(self, target: int) -> None:
        """Show the rest of the file, or as much of it as there is room for, by rank."""
        parts = self._parts
        order = sorted(range(len(parts)), key=lambda at: (parts[at].rank, abs(at - target), at))
        before = self._left
        rest = [at for at in order if self.here.get(at) != parts[at].forms[0]]
        missing = sum(_cost(parts[at].forms[0]) - self._paid(at) for at in rest)
        if missing <= self._left:
            self.here |= {at: parts[at].forms[0] for at in rest}
            self._left -= missing
            rest = []
        for at in rest:
            if self._left <= len(LEFT_OUT) + 3:
                break
            # A neighbour is shown whole only while that leaves room for others.
            paid = self._paid(at)
            room = paid + (self._left if parts[at].rank < MEMBER else self._left // 2)
            forms = [form for form in parts[at].forms if _cost(form) <= room]
            forms = forms or [
                form for form in parts[at].forms[-1:] if _cost(form) <= paid + self._left
            ]
            if forms and _cost(forms[0]) > paid:
                self.here[at] = forms[0]
                self._left -= _cost(forms[0]) - paid
        self.spent["the rest of the file"] = before - self._left

    def _paid(self, at: int) -> int:
        return _cost(self.here[at]) if at in self.here else 0

    def _shortest(self) -> list[int | Told]:
        """Parts of the file by their places, then declarations of others; short ones first."""
        mine = sorted(self._own(), key=self._length)
        return [*mine, *sorted(self._others, key=self._length)]

    def _own(self) -> list[int | Told]:
        return [at for at, one in enumerate(self._parts) if one.rank != FRAME and one.gives]

    def _length(self, one: int | Told) -> int:
        return len(one.short if isinstance(one, Told) else self._parts[one].forms[-1])

    def _dear(self, one: int | Told, known: frozenset[str]) -> float:
        """Characters a name that it tells and nothing shows yet."""
        return self._length(one) / len(self._gives(one) & known - self._words)

    def _gives(self, one: int | Told) -> frozenset[str]:
        return one.gives if isinstance(one, Told) else self._parts[one].gives

    def _show(self, one: int | Told, why: str) -> None:
        if one in (self.elsewhere if isinstance(one, Told) else self.here):
            return
        text = one.short if isinstance(one, Told) else self._parts[one].forms[-1]
        cost = _cost(text)
        if isinstance(one, Told) and one.path not in {other.path for other in self.elsewhere}:
            cost += _cost(_heading(one.path))
        if cost > self._left:
            return
        self._left -= cost
        self.spent[why] = self.spent.get(why, 0) + cost
        self._words |= self._said([text])
        if isinstance(one, Told):
            self.elsewhere.append(one)
        else:
            self.here[one] = text

    @staticmethod
    def _said(texts: Iterable[str]) -> set[str]:
        return {word for text in texts for word in WORD.findall(text)}


def _cost(text: str) -> int:
    return len(text) + 2  # the line ends around it


def _heading(path: str) -> str:
    return f"// {path}"


def _render(parts: list[Part], shown: dict[int, str], elided: str) -> str:
    """Join what is shown in the order of the file; each gap is one line that says so."""
    lines: list[str] = []
    for at, part in enumerate(parts):
        if at in shown:
            lines += [""] * (part.spaced and bool(lines))
            lines.append(part.indent + shown[at].strip("\n"))
        elif lines and not lines[-1].endswith(elided):
            lines.append(part.indent + elided)
    return "\n".join(lines)


def _render_others(found: list[Told]) -> str:
    return "\n".join(_lines(sorted(found, key=lambda one: (one.path, one.start))))


def _lines(found: list[Told]) -> Iterator[str]:
    path = ""
    for one in found:
        if one.path != path:
            yield _heading(path := one.path)
        yield one.short
