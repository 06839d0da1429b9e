"""What fits into the context of a model."""

from dataclasses import dataclass, field


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text: one for every four characters begun, and 0 for none."""
    return -(-len(text) // 4)


@dataclass
class Window:
    """The messages of a conversation, oldest first, with a limit for their tokens."""

    limit: int
    messages: list[str] = field(default_factory=list)

    def used(self) -> int:
        """Count the tokens of all messages, as `estimate_tokens` does."""
        return sum(estimate_tokens(message) for message in self.messages)

    def add(self, message: str) -> list[str]:
        """Add a message and drop the oldest ones until all fit; return what was dropped, in order.

        The new message is never dropped, even where it does not fit alone.
        """
        self.messages.append(message)
        dropped = []
        while self.used() > self.limit and len(self.messages) > 1:
            dropped.append(self.messages.pop(0))
        return dropped

    @staticmethod
    def share(limit: int, parts: int) -> list[int]:
        """Divide a limit into whole parts that differ by at most 1, the larger ones first."""
        size, rest = divmod(limit, parts)
        return [size + 1] * rest + [size] * (parts - rest)
