"""The runners and the batcher against transformers' own `generate`, with tiny random models."""

import pytest

torch = pytest.importorskip("torch", reason="needs the `local` extra")
transformers = pytest.importorskip("transformers", reason="needs the `local` extra")

from tiny_models import (  # noqa: E402
    CONFIGS,
    EOS,
    SIZES,
    Collected,
    asked,
    generated,
    prompts_of,
    tiny_model,
)

from pytest_llmops.engine import attention, llama  # noqa: E402
from pytest_llmops.engine.kvcache import BLOCK  # noqa: E402
from pytest_llmops.engine.llama import LlamaRunner  # noqa: E402
from pytest_llmops.engine.loop import PROMPT_TOKENS  # noqa: E402
from pytest_llmops.engine.rules import Rules  # noqa: E402
from pytest_llmops.engine.runners import PackedRunner, SequenceRunner, build_runner  # noqa: E402

pytestmark = pytest.mark.torch

RUNNERS = {"gemma2": PackedRunner, "gpt2": PackedRunner, "bloom": SequenceRunner}


@pytest.mark.parametrize("compiled", [True, False], ids=["kernels", "torch"])
@pytest.mark.parametrize("name", CONFIGS)
def test_greedy_tokens_of_a_ragged_batch_are_those_of_generate(name, compiled, monkeypatch):
    if not compiled:  # as on a GPU
        for module in (attention, llama):
            monkeypatch.setattr(module, "supported", lambda _: False)
    model = tiny_model(name)
    prompts = prompts_of([1, 2, 5, BLOCK - 1, BLOCK, BLOCK + 1, 130, 17, PROMPT_TOKENS + 90])
    expected = [generated(model, prompt, 24) for prompt in prompts]
    runner = build_runner(lambda: tiny_model(name), {})
    assert type(runner) is RUNNERS.get(name, LlamaRunner)
    answers = Collected(runner)
    jobs = [answers.batcher.submit(asked(prompt)) for prompt in prompts]
    answers.wait(jobs)
    answers.batcher.close()
    assert [job.tokens[len(p) :] for job, p in zip(jobs, prompts, strict=True)] == expected
    assert len({tuple(tokens) for tokens in expected}) == len(expected)


def test_a_shared_prefix_is_copied_and_changes_nothing():
    model = tiny_model()
    start, *ends = prompts_of([100, 7, 9, 60, 3, 40])
    prompts = [start + end for end in ends]
    answers = Collected(build_runner(tiny_model, {}))
    jobs = [answers.batcher.submit(asked(prompt)) for prompt in prompts]
    answers.wait(jobs)
    again = answers.batcher.submit(asked([*jobs[-1].tokens, 9, 8]))
    answers.wait([again])
    answers.batcher.close()
    assert [job.cached for job in jobs] == [0, 100, 100, 100, 100]
    assert again.cached >= len(jobs[-1].tokens) - 1
    for job in (*jobs, again):
        assert job.tokens[len(job.asked.prompt) :] == generated(model, job.asked.prompt, 24)


def test_blocks_come_back_when_answers_end_or_are_cancelled():
    answers = Collected(build_runner(tiny_model, {}), max_batch=8)
    jobs = [answers.batcher.submit(asked(p, 30)) for p in prompts_of([90] * 10)]
    endless = answers.batcher.submit(asked(prompts_of([5])[0], 1_000_000, seed=1, temperature=1.0))
    answers.batcher.cancel(endless)
    answers.wait(jobs)
    answers.wait([answers.batcher.submit(asked([5], 1))])
    assert answers.batcher.counts == (0, 0)
    answers.batcher.close()
    assert answers.pool.free == answers.pool.size


@pytest.mark.parametrize("top_p", [0.9, 1.0])
def test_a_drawn_text_depends_on_its_seed_and_not_on_its_neighbours(top_p):
    alone, crowded = (Collected(build_runner(tiny_model, {}), max_batch=6) for _ in range(2))
    prompt, *others = prompts_of([40, 10, 200, 33, 70, 70])
    drawn = {"temperature": 0.8, "top_p": top_p}
    first = alone.batcher.submit(asked(prompt, seed=11, **drawn))
    alone.wait([first])
    neighbours = [crowded.batcher.submit(asked(p, seed=4, **drawn)) for p in others]
    same = crowded.batcher.submit(asked(prompt, seed=11, **drawn))
    other = crowded.batcher.submit(asked(prompt, seed=12, **drawn))
    crowded.wait([*neighbours, same, other])
    alone.batcher.close()
    crowded.batcher.close()
    assert same.tokens == first.tokens
    assert other.tokens != first.tokens


LONGROPE = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "short_factor": [1.0] * 4,
    "long_factor": [3.0, 5.0, 9.0, 12.0],
    "original_max_position_embeddings": 120,
    "factor": 8.0,
}
BEYOND = {
    "phi3 with longrope": lambda: transformers.Phi3Config(
        **{name: size for name, size in SIZES.items() if name != "head_dim"},
        original_max_position_embeddings=120,
        rope_parameters=LONGROPE,
    ),
    "llama with longrope": lambda: transformers.LlamaConfig(**SIZES, rope_parameters=LONGROPE),
    "llama4 with chunks": lambda: transformers.Llama4TextConfig(
        **SIZES, attention_chunk_size=100, num_local_experts=2, intermediate_size_mlp=80
    ),
    "mistral with a window": lambda: transformers.MistralConfig(**SIZES, sliding_window=100),
    "qwen3 with a window in one layer": lambda: transformers.Qwen3Config(
        **SIZES, sliding_window=100, use_sliding_window=True, max_window_layers=1
    ),
}


@pytest.mark.parametrize("name", BEYOND)
def test_answers_beyond_the_position_where_a_model_changes_are_those_of_generate(name, monkeypatch):
    monkeypatch.setitem(CONFIGS, name, BEYOND[name])
    model, notes = tiny_model(name), []
    runner = build_runner(lambda: tiny_model(name), {}, context=1000, tell=notes.append)
    assert isinstance(runner, SequenceRunner) == bool(notes) == ("window" not in name)
    if notes:
        assert "one sequence at a time, which is slow" in notes[0]
        assert "beyond position 1" in notes[0]
    answers = Collected(runner, max_batch=4)
    prompts = prompts_of([110, 20, 300, 95, 119])
    jobs = [answers.batcher.submit(asked(prompt, 30)) for prompt in prompts]
    answers.wait(jobs)
    answers.batcher.close()
    for job, prompt in zip(jobs, prompts, strict=True):
        assert job.tokens[len(prompt) :] == generated(model, prompt, 30)


def test_a_model_is_run_fast_where_no_request_reaches_the_position(monkeypatch):
    monkeypatch.setitem(CONFIGS, "phi3", BEYOND["phi3 with longrope"])
    runner = build_runner(lambda: tiny_model("phi3"), {}, context=120, tell=pytest.fail)
    assert isinstance(runner, PackedRunner)


def test_a_prompt_is_never_cut_for_a_runner_that_wants_it_whole(monkeypatch):
    monkeypatch.setitem(CONFIGS, "phi3", BEYOND["phi3 with longrope"])
    seen, inner = [], SequenceRunner(tiny_model("phi3"))

    def forward(step):
        seen.extend(len(row.tokens) for row in step.rows)
        return SequenceRunner.forward(inner, step)

    inner.forward = forward
    answers = Collected(inner)
    prompt = prompts_of([PROMPT_TOKENS + 200])[0]
    job = answers.batcher.submit(asked(prompt, 3))
    answers.wait([job])
    answers.batcher.close()
    assert seen == [len(prompt), 1, 1]
    assert job.tokens[len(prompt) :] == generated(tiny_model("phi3"), prompt, 3)


SETTINGS = {
    "repetition_penalty": 1.4,
    "no_repeat_ngram_size": 3,
    "suppress_tokens": [*range(20, 60)],
    "begin_suppress_tokens": [*range(60, 200)],
    "bad_words_ids": [[201], [202, 203]],
    "min_new_tokens": 9,
}


@pytest.mark.parametrize("name", ["all", *SETTINGS])
def test_what_the_generation_config_does_to_an_answer_is_done(name):
    model = tiny_model()
    chosen = SETTINGS if name == "all" else {name: SETTINGS[name]}
    model.generation_config = transformers.GenerationConfig(
        eos_token_id=[EOS, 7, 9], pad_token_id=EOS, **chosen
    )
    rules = Rules(model.generation_config, {EOS, 7, 9}, torch.device("cpu"))
    assert (rules.applied, rules.notes) == (sorted(chosen), [])
    answers = Collected(build_runner(tiny_model, {}), rules=rules, eos_ids={EOS, 7, 9})
    prompts = prompts_of([40, 7, 100])
    jobs = [answers.batcher.submit(asked(prompt, 40)) for prompt in prompts]
    answers.wait(jobs)
    answers.batcher.close()
    for job, prompt in zip(jobs, prompts, strict=True):
        assert job.tokens[len(prompt) :] == generated(model, prompt, 40)


def test_what_is_not_applied_of_the_generation_config_is_named():
    config = transformers.GenerationConfig(
        top_k=20, temperature=0.6, num_beams=4, do_sample=True, max_length=50
    )
    rules = Rules(config, {EOS}, torch.device("cpu"))
    assert rules.notes == [
        "generation_config.json: num_beams 4 is not applied",
        "generation_config.json: top_k 20 is not applied",
    ]
    assert rules.processors(5) is None


def test_a_fault_of_one_step_fails_its_answers_and_not_the_service():
    class Fragile:
        shares_prefixes, whole_prompts = True, False

        def __init__(self):
            self.inner = build_runner(tiny_model, {})

        def forward(self, step):
            if any(399 in row.tokens for row in step.rows):
                raise RuntimeError("out of memory")
            return self.inner.forward(step)

        def forget(self, sequence):
            self.inner.forget(sequence)

    answers = Collected(Fragile())
    broken = answers.wait([answers.batcher.submit(asked([5, 399, 6]))])[0]
    fine = answers.wait([answers.batcher.submit(asked([5, 6], 3))])[0]
    answers.batcher.close()
    assert (broken.finish, broken.text) == ("error", "RuntimeError: out of memory")
    assert fine.output_tokens == 3
