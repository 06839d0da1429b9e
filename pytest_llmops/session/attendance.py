"""Who was asked to come and who did: attempts that end without a word must not pass unseen."""

from collections.abc import Collection, Mapping

from pytest_llmops.errors import CaseError
from pytest_llmops.generation.keys import Key, named

FINAL = frozenset({"passed", "failed", "skipped"})
"""Outcomes that pytest itself gives. Plugins that make an attempt again have words of their own for
the one that does not count (`rerun`, `retried`)."""


class Attendance:
    """The selected attempts of a session, by the ids of their tests."""

    def __init__(self, keys: Mapping[str, Key] | None = None) -> None:
        """Note who is asked.

        Raises:
            CaseError: Two tests make the same attempt.
        """
        if keys and len(set(keys.values())) < len(keys):
            raise CaseError(
                "two selected tests attempt the same case; select one of the tests that take "
                "`attempt`, and give it no other parameters"
            )
        self._keys = dict(keys or {})
        self._skipped: set[Key] = set()
        self._again: set[Key] = set()
        self._missing: set[Key] = set()

    def __len__(self) -> int:
        return len(self._keys)

    def key(self, nodeid: str) -> Key | None:
        """The attempt that a test makes, if it makes one."""
        return self._keys.get(nodeid)

    def counts(self, nodeid: str, outcome: str) -> bool:
        """Note how a phase of a test ended; returns whether it is the test's last try."""
        if key := self._keys.get(nodeid):
            if outcome == "skipped":
                self._skipped.add(key)
            elif outcome not in FINAL:
                self._again.add(key)
        return outcome in FINAL

    def check(self, recorded: Collection[Key], wanted: Collection[Key] | None) -> int:
        """Look for attempts that left neither record nor reason; returns the exit status.

        A session that was cut short need not ask: it is incomplete by a status of its own.

        Args:
            recorded: Those on record.
            wanted: Those that a sequential gate asked for; None without one.
        """
        expected = set(self._keys.values()) if wanted is None else set(wanted)
        self._missing = expected - set(recorded) - self._skipped
        return int(bool(self._missing))

    def told(self) -> list[str]:
        """What a person should know of attempts without a record, or made more than once."""
        from pytest_llmops.compare.comparable import name_some

        told = []
        if self._again:
            told.append(
                f"made again after a fault: {len(self._again)} attempts, whose last try counts: "
                f"{name_some({named(key) for key in self._again})}"
            )
        if self._missing:
            told.append(
                f"{len(self._missing)} of {len(self._keys)} attempts left no record, which fails: "
                "their reports did not arrive (a value on them that a worker of pytest-xdist "
                f"cannot send?): {name_some({named(key) for key in self._missing})}"
            )
        return told
