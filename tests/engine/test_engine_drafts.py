"""Guesses at what comes next change how many steps an answer takes, and nothing else."""

import pytest

torch = pytest.importorskip("torch", reason="needs the `local` extra")
pytest.importorskip("transformers", reason="needs the `local` extra")

from tiny_models import CONFIGS, Collected, asked, generated, prompts_of, tiny_model  # noqa: E402

from pytest_llmops.engine.drafts import MOST, Drafts  # noqa: E402
from pytest_llmops.engine.job import Job  # noqa: E402
from pytest_llmops.engine.kvcache import BlockPool  # noqa: E402
from pytest_llmops.engine.runners import build_runner  # noqa: E402
from pytest_llmops.engine.step import Row, Step  # noqa: E402

pytestmark = pytest.mark.torch

SEEN = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]


def test_what_followed_the_same_tokens_before_is_guessed():
    drafts = Drafts()
    assert drafts.guess([*SEEN, 3, 4, 5], 100) == [6, 7]
    assert drafts.guess([*SEEN, 3, 4, 5, 6], 1) == [7]
    assert drafts.guess([*SEEN, 3, 4, 5, 6, 90], 100) == []


def test_the_latest_place_counts_and_nothing_is_its_own_past():
    assert Drafts().guess([1, 2, 3, 4, 9, 1, 2, 3, 5, 9, 1, 2, 3], 1) == [5]
    assert Drafts().guess([1, 2, 3], 5) == []
    assert Drafts().guess([7, 7], 5) == []
    assert Drafts().guess([7, 7, 7, 7], 5) == [7]


def test_no_more_is_guessed_than_an_answer_may_have():
    assert Drafts().guess([*SEEN, 3, 4, 5], 0) == []


def test_guesses_grow_while_they_come_true_and_pause_when_they_do_not():
    drafts, text = Drafts(), [*SEEN, 1, 2, 3]
    lengths = []
    for _ in range(4):
        lengths.append(len(drafts.guess(text, 100)))
        drafts.learn(lengths[-1], lengths[-1], len(text))
    assert lengths == [2, 4, MOST, MOST]
    for _ in range(4):
        drafts.learn(len(drafts.guess(text, 100)), 0, len(text))
    assert drafts.guess(text, 100) == []
    later = [*SEEN, *range(20, 28), 1, 2, 3]
    assert drafts.guess(later, 100) == [4]


@pytest.mark.parametrize("name", ["llama", "mistral with a window", "gemma2", "bloom"])
def test_text_that_repeats_itself_is_that_of_generate_in_fewer_steps(name, monkeypatch):
    config = CONFIGS[name]()
    config.initializer_range = 0.1  # with larger weights a random model never repeats itself
    monkeypatch.setitem(CONFIGS, name, lambda: config)
    model, count = tiny_model(name), 120
    pattern = prompts_of([9])[0]
    prompts = [pattern * 4, prompts_of([40, 70])[1], [*prompts_of([30])[0], *pattern * 2]]
    expected = [generated(model, prompt, count) for prompt in prompts]
    runner = build_runner(lambda: tiny_model(name), {})
    steps = []
    forward = runner.forward
    monkeypatch.setattr(runner, "forward", lambda step: steps.append(step) or forward(step))
    answers = Collected(runner)
    jobs = [answers.batcher.submit(asked(prompt, count)) for prompt in prompts]
    events = answers.wait(jobs)
    answers.batcher.close()
    assert [job.tokens[len(p) :] for job, p in zip(jobs, prompts, strict=True)] == expected
    assert [event.output_tokens for event in events] == list(map(len, expected))
    guessed = sum(row.wanted - 1 for step in steps for row in step.rows)
    if runner.shares_prefixes:
        assert guessed > 0
        assert sum(len(step.rows) for step in steps) < sum(map(len, expected))
    else:  # what it keeps of a sequence cannot be taken back
        assert guessed == 0
    assert answers.pool.free == answers.pool.size


def test_a_prompt_that_begins_like_a_text_with_guesses_is_answered_as_before():
    model = tiny_model()
    first = prompts_of([9])[0] * 4
    answers = Collected(build_runner(tiny_model, {}))
    job = answers.batcher.submit(asked(first, 60))
    answers.wait([job])
    again = answers.batcher.submit(asked([*job.tokens, 9, 8], 60))
    answers.wait([again])
    answers.batcher.close()
    assert again.cached >= len(job.tokens) - 1
    assert again.tokens[len(again.asked.prompt) :] == generated(model, again.asked.prompt, 60)


def test_drawn_answers_and_those_with_rules_go_token_by_token():
    prompt = [*SEEN, 3, 4, 5]
    assert Job(asked(prompt, 9), 0, None).guess() == [6, 7]
    assert Job(asked(prompt, 2), 0, None).guess() == [6]
    assert Job(asked(prompt, 9, temperature=0.5), 0, None).guess() == []
    ruled = Job(asked(prompt, 9), 0, None)
    ruled.processors = print
    assert ruled.guess() == []


def test_logits_are_asked_for_after_every_guess_and_adapters_find_their_rows():
    pool = BlockPool(torch.device("cpu"), torch.float32)
    step = Step(
        [
            Row([1, 2, 3], 0, 0, [0]),
            Row([4, 5, 6], 9, 1, [1], "one", wanted=3),
            Row([7], 9, 2, [2], "one"),
            Row([8, 9], 9, 3, [3], wanted=2),
        ],
        pool,
    )
    assert step.last.tolist() == [2, 3, 4, 5, 6, 7, 8]
    assert step.last_spans == [("one", 1, 4), ("one", 4, 5)]
