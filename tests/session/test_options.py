from argparse import ArgumentTypeError

import pytest

from pytest_llmops.session import numbers


@pytest.mark.parametrize("text", ["0", "-3", "many", "1.5", ""])
def test_a_number_of_attempts_that_is_none_is_named(text):
    with pytest.raises(ArgumentTypeError, match=f"{text} is not a positive whole number"):
        numbers.positive(text)


@pytest.mark.parametrize("text", ["hot", "-1", "2.5", "nan"])
def test_a_temperature_that_is_none_is_named_with_its_range(text):
    with pytest.raises(ArgumentTypeError, match=f"'{text}' is not a number from 0 to 2"):
        numbers.temperature(text)
