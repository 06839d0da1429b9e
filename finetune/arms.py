"""The arms of a study: what is compared with the base, and why.

base            the base as it is; every other arm is compared with it
code-only       the base, told to answer with code only: what a prompt alone does
shortest        the settings, with the shortest passing samples whatever they select
random          the same with random passing samples: tells length from learning the form
longest         the same with the longest passing samples and the long form of references:
                the sign check, tokens must not fall because of the selection
second-seed     `shortest` trained with another seed: how much of a difference is chance
preference      the settings with the method `preference`
own-shortest, own-random, own-longest
                the three selections from the model's own samples alone, without references
"""

from typing import Literal

import msgspec

from .errors import FinetuneError
from .settings import Method, Selecting, Settings

BASE = "base"
CODE_ONLY = "code-only"


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a study's table."""

    name: str
    kind: Literal["base", "prompt", "adapter"]
    select: Selecting = "shortest"
    references: bool | None = None
    """None leaves it to the settings."""
    seed: int = 0
    """Added to the seed of training."""
    method: Method = "sft-shortest"
    """Selection is what the others differ in, and pairs have none."""

    def settings(self, of: Settings) -> Settings:
        """What to train this arm with."""
        references = of.data.references if self.references is None else self.references
        data = msgspec.structs.replace(of.data, select=self.select, references=references)
        seed = of.train.seed + self.seed
        train = msgspec.structs.replace(of.train, seed=seed, method=self.method)
        named = f"{of.name}-{self.name}"[:64]
        return msgspec.structs.replace(of, name=named, data=data, train=train)


ARMS = {
    arm.name: arm
    for arm in (
        Arm(name=BASE, kind="base"),
        Arm(name=CODE_ONLY, kind="prompt"),
        Arm(name="shortest", kind="adapter"),
        Arm(name="random", kind="adapter", select="random"),
        Arm(name="longest", kind="adapter", select="longest"),
        Arm(name="second-seed", kind="adapter", seed=1),
        Arm(name="preference", kind="adapter", method="preference"),
        Arm(name="own-shortest", kind="adapter", references=False),
        Arm(name="own-random", kind="adapter", select="random", references=False),
        Arm(name="own-longest", kind="adapter", select="longest", references=False),
    )
}


def find_arms(names: tuple[str, ...]) -> tuple[Arm, ...]:
    """The named arms in the order of `ARMS`; the base is always among them.

    Raises:
        FinetuneError: A name is not one.
    """
    unknown = [name for name in names if name not in ARMS]
    if unknown:
        raise FinetuneError(f"no arm {unknown[0]!r}; there is {', '.join(ARMS)}")
    return tuple(arm for name, arm in ARMS.items() if name in names or name == BASE)
