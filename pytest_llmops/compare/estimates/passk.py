"""Success over several attempts, without bias, from n attempts of which c were solved.

    pass@k   at least one of k solved:  1 - C(n - c, k) / C(n, k)
    pass^k   all k solved:              C(c, k) / C(n, k)

Sources: Chen et al. 2021, "Evaluating Large Language Models Trained on Code", arXiv:2107.03374
(pass@k); Yao et al. 2024, "tau-bench", arXiv:2406.12045 (pass^k).
"""

import math
from collections.abc import Iterable

from pytest_llmops.errors import CompareError


def pass_at(k: int, attempts: int, solved: int) -> float:
    """The chance that at least one of k attempts is solved.

    Raises:
        CompareError: There are fewer than k attempts, or the counts make no sense.
    """
    _require(k, attempts, solved)
    return 1 - math.comb(attempts - solved, k) / math.comb(attempts, k)


def pass_all(k: int, attempts: int, solved: int) -> float:
    """The chance that all of k attempts are solved.

    Raises:
        CompareError: There are fewer than k attempts, or the counts make no sense.
    """
    _require(k, attempts, solved)
    return math.comb(solved, k) / math.comb(attempts, k)


def mean_over_cases(k: int, cases: Iterable[tuple[int, int]]) -> tuple[float, float]:
    """pass@k and pass^k of a suite: the means over its cases, each (attempts, solved).

    Raises:
        CompareError: There is no case, or one with fewer than k attempts.
    """
    pairs = [(pass_at(k, *case), pass_all(k, *case)) for case in cases]
    if not pairs:
        raise CompareError("no cases, so no pass@k")
    return tuple(math.fsum(column) / len(pairs) for column in zip(*pairs, strict=True))  # type: ignore[return-value]


def _require(k: int, attempts: int, solved: int) -> None:
    if not (1 <= k <= attempts and 0 <= solved <= attempts):
        raise CompareError(f"pass@{k} of {attempts} attempts, {solved} solved: not possible")
