"""What finished sequences are kept for: the prompts that begin like them, and how many are kept."""

import pytest

torch = pytest.importorskip("torch", reason="needs the `local` extra")

from tiny_models import Collected, asked, generated, prompts_of, tiny_model  # noqa: E402

from pytest_llmops.engine.job import Job  # noqa: E402
from pytest_llmops.engine.kvcache import BLOCK, BlockPool, blocks_for  # noqa: E402
from pytest_llmops.engine.prefixes import Prefixes  # noqa: E402
from pytest_llmops.engine.runners import build_runner  # noqa: E402

pytestmark = pytest.mark.torch


def test_a_turn_is_found_again_after_many_other_answers_and_continues_as_generate_does():
    model = tiny_model()
    answers = Collected(build_runner(tiny_model, {}))
    first, *others = prompts_of([150, *[60] * 20])
    before = answers.batcher.submit(asked(first))
    answers.wait([before])
    answers.wait([answers.batcher.submit(asked(other)) for other in others])
    turn = answers.batcher.submit(asked([*before.tokens, 9, 8, 7]))
    answers.wait([turn])
    answers.batcher.close()
    assert turn.cached == len(before.tokens) - 1
    assert turn.tokens[len(turn.asked.prompt) :] == generated(model, turn.asked.prompt, 24)


class Filled:
    """A pool in which every token of a job is its number, and the prefixes kept of it."""

    def __init__(self, blocks, apart):
        self.pool = BlockPool(torch.device("cpu"), torch.float32)
        self.pool.release(self.pool.allocate(blocks))
        self.prefixes = Prefixes(self.pool, apart=apart)
        self._number = 0

    def job(self, tokens, generated_tokens=0):
        self._number += 1
        job = Job(asked(tokens), self._number, None)
        job.tokens += [1] * generated_tokens
        return job

    def run(self, job):
        job.blocks += self.pool.allocate(blocks_for(len(job.tokens)) - len(job.blocks))
        empty = torch.zeros(1, 2, 3)
        for index in (0, 1):
            for part in self.pool.layer(index, empty, empty):
                part[job.blocks] = job.number
        job.computed = len(job.tokens)
        return job

    def held(self, job):
        return {
            float(value)
            for index in (0, 1)
            for part in self.pool.layer(index, torch.zeros(1, 2, 3), torch.zeros(1, 2, 3))
            for value in part[job.blocks].unique()
        }


@pytest.mark.parametrize("apart", [True, False])
def test_what_is_copied_back_is_what_was_kept_in_every_layer(apart):
    filled = Filled(40, apart)
    one = filled.run(filled.job([5] * 3 * BLOCK))
    other = filled.run(filled.job([6] * 2 * BLOCK))
    for job in (one, other):
        filled.prefixes.keep(job)
    filled.run(filled.job([7] * 9 * BLOCK))  # takes the blocks that they had
    again = filled.job([5] * 2 * BLOCK + [8] * 9)
    known, owner = filled.prefixes.longest(again, [])
    assert (known, owner) == (2 * BLOCK, one)
    filled.prefixes.copy(again, owner, known)
    assert filled.held(again) == {one.number}
    assert (again.computed, again.cached) == (known, known)
    assert filled.prefixes.blocks == 5


@pytest.mark.parametrize("apart", [True, False])
def test_a_kept_sequence_goes_when_its_next_turn_holds_all_of_it(apart):
    filled = Filled(40, apart)
    turn = filled.run(filled.job([5] * 100))
    filled.prefixes.keep(turn)
    following = filled.job([5] * 100 + [1, 2])
    filled.prefixes.copy(following, *reversed(filled.prefixes.longest(following, [])))
    assert following.cached == 100
    assert filled.held(following) == {turn.number}
    assert filled.prefixes.blocks == 0
    assert filled.prefixes.longest(filled.job([5] * 50), []) == (0, None)


@pytest.mark.parametrize("apart", [True, False])
def test_no_more_is_kept_than_the_running_ones_take_and_the_least_used_goes_first(apart):
    filled = Filled(96 if apart else 192, apart)
    jobs = [filled.run(filled.job([n] * 30 * BLOCK)) for n in (1, 2, 3)]
    for job in jobs:
        filled.prefixes.keep(job)
    assert filled.prefixes.blocks == 90
    assert filled.pool.free + (0 if apart else 90) == filled.pool.size
    used = filled.job([1] * 64 + [9])
    filled.prefixes.copy(used, jobs[0], 64)
    filled.prefixes.keep(filled.run(filled.job([4] * 30 * BLOCK)))
    kept = [n for n in (1, 2, 3, 4) if filled.prefixes.longest(filled.job([n] * 99), [])[0]]
    assert kept == [1, 3, 4]


@pytest.mark.parametrize("apart", [True, False])
def test_nothing_is_left_of_a_sequence_that_computed_nothing_or_after_a_fault(apart):
    filled = Filled(40, apart)
    filled.prefixes.keep(filled.job([1, 2, 3]))
    filled.prefixes.keep(filled.run(filled.job([5] * 100)))
    assert filled.prefixes.blocks == 2
    filled.prefixes.clear()
    assert filled.prefixes.blocks == 0
    assert filled.pool.free == filled.pool.size
