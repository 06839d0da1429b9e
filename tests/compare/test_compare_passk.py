from itertools import combinations

import pytest

from pytest_llmops.compare.estimates.passk import mean_over_cases, pass_all, pass_at
from pytest_llmops.errors import CompareError


@pytest.mark.parametrize("attempts", range(1, 7))
def test_both_are_shares_of_all_choices_of_k_attempts(attempts):
    for solved in range(attempts + 1):
        outcomes = [number < solved for number in range(attempts)]
        for k in range(1, attempts + 1):
            chosen = list(combinations(outcomes, k))
            assert pass_at(k, attempts, solved) == pytest.approx(
                sum(map(any, chosen)) / len(chosen)
            )
            assert pass_all(k, attempts, solved) == pytest.approx(
                sum(map(all, chosen)) / len(chosen)
            )


def test_for_one_attempt_both_are_the_solve_rate():
    assert pass_at(1, 200, 31) == pytest.approx(31 / 200) == pass_all(1, 200, 31)


def test_many_attempts_do_not_overflow():
    assert pass_at(1000, 100_000, 100) == pytest.approx(1 - (1 - 100 / 100_000) ** 1000, rel=0.02)


def test_a_suite_has_the_means_over_its_cases():
    assert mean_over_cases(2, [(4, 4), (4, 0), (4, 2)]) == pytest.approx(
        ((1 + 0 + 5 / 6) / 3, (1 + 0 + 1 / 6) / 3)
    )


@pytest.mark.parametrize(("k", "attempts", "solved"), [(2, 1, 1), (0, 3, 1), (1, 3, 4), (1, 3, -1)])
def test_what_is_not_possible_is_refused(k, attempts, solved):
    with pytest.raises(CompareError, match="not possible"):
        pass_at(k, attempts, solved)
    with pytest.raises(CompareError, match="not possible"):
        pass_all(k, attempts, solved)


def test_no_cases_have_no_pass_at_k():
    with pytest.raises(CompareError, match="no cases"):
        mean_over_cases(1, [])
