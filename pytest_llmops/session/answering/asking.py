"""What a model is asked in a session."""

from collections.abc import Iterator, Mapping, Sequence

from pytest_llmops.completions import Request
from pytest_llmops.generation.keys import Key
from pytest_llmops.runs.record import Identity
from pytest_llmops.tasks.selection import Selection


class Requests(Mapping[Key, Request]):
    """The requests of attempts, by key and in order; each is made when it is looked at.

    So the texts of many questions are not in memory at once. Agents are asked for a digest of all
    files that they get, which is computed once; their requests are kept.
    """

    def __init__(self, selection: Selection, keys: Sequence[Key], who: Identity) -> None:
        """See which attempts can be asked; corrupt cases cannot, and their own tests say why.

        Args:
            selection: Where cases are looked up.
            keys: The attempts.
            who: The model that is asked, and the agent that asks it.

        Raises:
            SourceError: What commits need cannot be fetched.
        """
        self._selection, self._who = selection, who
        self._keys = dict.fromkeys(selection.askable(keys))
        self._kept: dict[Key, Request] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys)

    def __getitem__(self, key: Key) -> Request:
        if key not in self._keys:
            raise KeyError(key)
        if key in self._kept:
            return self._kept[key]
        who = self._who
        made = self._selection.request(*key, who.context_tokens, who.instruction)
        if not who.agent_sha256:
            return made
        from pytest_llmops.agents.attach import worded

        task = self._selection.asked(key[0])
        self._kept[key] = worded(made, task, who.agent_sha256, who.asked_as)
        return self._kept[key]
