"""Packed rows: what every example gets is what it would get alone."""

import pytest

torch = pytest.importorskip("torch", reason="needs the `local` extra")
transformers = pytest.importorskip("transformers", reason="needs the `local` extra")
pytest.importorskip("peft", reason="needs the `local` extra")

from tiny_models import CONFIGS, EOS, prompts_of, tiny_tokenizer  # noqa: E402

from finetune.attention import Span, pieces_of, row_mask, visible  # noqa: E402
from finetune.errors import FinetuneError  # noqa: E402
from finetune.packing import Bundle, end_token, lay_out, pack, plan, prepare  # noqa: E402
from finetune.settings import Train  # noqa: E402
from finetune.trainee import load_trainee, to_inputs, weights_of  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    # PEFT reads a property that transformers renamed.
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]
CPU = torch.device("cpu")
FAMILIES = ["llama", "qwen2", "qwen3"]


def chat(text):
    return [{"role": "user", "content": text}]


def example(prompt, completion):
    return {"messages": chat(prompt), "completion": completion}


def pair(prompt, chosen, rejected, *, stopped=True):
    row = {"messages": chat(prompt), "chosen": chosen, "rejected": rejected}
    return row | {"rejected_stopped": stopped}


def prepared(examples, max_tokens=200, batch_tokens=400):
    return prepare(examples, tiny_tokenizer(), max_tokens=max_tokens, batch_tokens=batch_tokens)


def tokens_of(text):
    return tuple(tiny_tokenizer()(text)["input_ids"])


def bundles_of(*sizes):
    """Random bundles; each size is that of the prompt, then those of its answers."""
    texts = iter(prompts_of([n for size in sizes for n in size]))
    bundles = []
    for prompt, *answers in sizes:
        first = tuple(next(texts))
        bundles.append(Bundle(first, tuple(tuple(next(texts)) for _ in answers)))
        assert len(first) == prompt
    return bundles


@pytest.fixture(scope="module", params=FAMILIES)
def trainee(request, tmp_path_factory):
    """A tiny model with LoRA weights that change what it computes."""
    return make_trainee(tmp_path_factory.mktemp(request.param), request.param)


def make_trainee(folder, name="llama", **settings):
    torch.manual_seed(7)
    transformers.AutoModelForCausalLM.from_config(CONFIGS[name]()).save_pretrained(folder)
    trainee = load_trainee(folder, Train(rank=4, **settings), torch.float32)
    with torch.no_grad():
        for weight_name, weight in weights_of(trainee):
            if "lora_B" in weight_name:
                weight.normal_(std=0.05)
    return trainee


def packed_log_probs(trainee, bundles):
    return trainee(to_inputs(lay_out(bundles), CPU))


def alone(trainee, prompt, answer):
    """Log probabilities of an answer as transformers and PEFT compute them, one example a batch."""
    base = trainee.model.get_base_model()
    base.set_attn_implementation("sdpa")
    try:
        ids = torch.tensor([[*prompt, *answer]])
        logits = base(input_ids=ids, use_cache=False).logits[0, len(prompt) - 1 : -1]
    finally:
        base.set_attn_implementation("llmops-bundles")
    return torch.log_softmax(logits, -1).gather(1, torch.tensor(answer)[:, None])[:, 0]


BUNDLES = bundles_of((5, 3), (40, 1), (17, 9, 4, 12), (1, 2), (300, 20, 280))


def test_packed_log_probabilities_are_those_of_each_example_alone(trainee):
    packed = packed_log_probs(trainee, BUNDLES)
    single = [alone(trainee, b.prompt, answer) for b in BUNDLES for answer in b.answers]
    assert torch.allclose(packed, torch.cat(single), rtol=1e-4, atol=1e-4)


def test_packed_gradients_are_the_sum_of_those_of_each_example_alone(trainee):
    weights = [weight for _, weight in weights_of(trainee)]
    packed = torch.autograd.grad(packed_log_probs(trainee, BUNDLES).sum(), weights)
    single = [alone(trainee, b.prompt, answer).sum() for b in BUNDLES for answer in b.answers]
    for one, other in zip(packed, torch.autograd.grad(sum(single), weights), strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-3 * other.abs().max().item())


def test_nothing_of_one_example_reaches_another(trainee):
    first, second, third = bundles_of((30, 8), (25, 6, 7), (12, 5))
    before = packed_log_probs(trainee, [first, second, third])
    changed = second._replace(answers=(second.answers[0], (9,) * 7))
    after = packed_log_probs(trainee, [first, changed, third])
    other = torch.ones(len(before), dtype=torch.bool)
    other[8 + 6 : 8 + 6 + 7] = False
    assert torch.equal(before[other], after[other])
    assert not torch.equal(before[~other], after[~other])


def test_the_mask_of_a_row_says_the_same_as_the_pieces(tmp_path):
    spans = [Span(0, 3, (2, 0, 1)), Span(6, 300, (30, 270))]
    whole = row_mask(spans, CPU)[0, 0]
    joined = torch.zeros_like(whole)
    for piece in pieces_of(spans, torch.empty(0)):
        joined[piece.queries, piece.keys] = piece.hidden == 0
    assert torch.equal(whole, joined)


def test_the_row_mask_gives_what_the_pieces_give(tmp_path):
    trainee = make_trainee(tmp_path)
    by_pieces = packed_log_probs(trainee, BUNDLES)
    inputs = to_inputs(lay_out(BUNDLES), CPU)
    base = trainee.model.get_base_model()
    hidden = base.get_decoder()(
        input_ids=inputs.tokens,
        position_ids=inputs.positions,
        use_cache=False,
        row_mask=row_mask(inputs.spans, CPU),
    ).last_hidden_state[0, inputs.picked]
    logs = torch.log_softmax(base.get_output_embeddings()(hidden), -1)
    by_mask = logs.gather(1, inputs.targets[:, None])[:, 0]
    assert torch.allclose(by_pieces, by_mask, rtol=1e-4, atol=1e-4)


def test_gradient_checkpointing_changes_no_gradient(tmp_path):
    plain = make_trainee(tmp_path / "a")
    saving = make_trainee(tmp_path / "b", gradient_checkpointing=True)
    saving.load_state_dict(plain.state_dict())
    gradients = [
        torch.autograd.grad(packed_log_probs(one, BUNDLES).sum(), [w for _, w in weights_of(one)])
        for one in (plain, saving)
    ]
    assert all(torch.equal(*both) for both in zip(*gradients, strict=True))


def test_a_model_with_a_window_shorter_than_a_row_is_refused(tmp_path):
    trainee = make_trainee(tmp_path, "mistral with a window")
    (short,) = bundles_of((20, 5))
    single = alone(trainee, short.prompt, short.answers[0])
    assert torch.allclose(packed_log_probs(trainee, [short]), single, rtol=1e-4, atol=1e-4)
    with pytest.raises(FinetuneError, match="sliding_window=50"):
        packed_log_probs(trainee, BUNDLES)


def test_a_model_that_caps_its_logits_is_refused(tmp_path):
    with pytest.raises(FinetuneError, match="final_logit_softcapping"):
        make_trainee(tmp_path, "gemma2")


def test_a_token_sees_its_prompt_and_its_own_answer_up_to_itself():
    seen = visible(Span(4, 2, (2, 1)), CPU).int().tolist()
    assert seen == [
        [1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [1, 1, 1, 1, 0],
        [1, 1, 0, 0, 1],
    ]


def test_a_row_says_which_token_follows_which_place():
    row = lay_out([Bundle((1, 2, 3), ((4, 5), (6,))), Bundle((7,), ((8, 9, 10),), ((0, 0),))])
    assert row.tokens == [1, 2, 3, 4, 7, 8, 9]
    assert row.positions == [0, 1, 2, 3, 0, 1, 2]
    assert row.picked == [2, 3, 2, 4, 5, 6]
    assert row.targets == [4, 5, 6, 8, 9, 10]
    assert row.lengths == [2, 1, 3]
    assert row.spans == [Span(0, 3, (1, 0)), Span(4, 1, (2,))]
    assert row.pairs == [(2, 2)]


def test_examples_with_one_prompt_share_it_and_repeated_ones_count_once():
    found = prepared([example("q", "a"), example("p", "b"), example("q", "c"), example("q", "a")])
    prompt = tokens_of("<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n")
    assert found.bundles[0] == Bundle(prompt, ((*tokens_of("a"), EOS), (*tokens_of("c"), EOS)))
    assert (len(found.bundles), found.examples, found.too_long) == (2, 3, 0)
    assert found.bundles[0].tokens == len(prompt) + 2
    assert found.bundles[0].plain_tokens == 2 * len(prompt) + 4


def test_an_answer_in_several_pairs_is_computed_once():
    found = prepared([pair("q", "a", "bb"), pair("q", "a", "ccc"), pair("q", "bb", "ccc")])
    (bundle,) = found.bundles
    assert [len(answer) for answer in bundle.answers] == [
        len(tokens_of(text)) + 1 for text in ("a", "bb", "ccc")
    ]
    assert bundle.pairs == ((0, 1), (0, 2), (1, 2))
    assert found.examples == 3


def test_a_rejected_answer_that_was_cut_off_has_no_end():
    found = prepared([pair("q", "a", "bb", stopped=False), pair("q", "a", "ccc")])
    (bundle,) = found.bundles
    end = bundle.answers[0][-1]
    assert bundle.answers[1] == tokens_of("bb")
    assert bundle.answers[2] == (*tokens_of("ccc"), end)


def test_the_two_answers_of_a_pair_count_together():
    pairs = [pair("q", "a b c d", "e f g h")]
    bundle = prepared(pairs).bundles[0]
    size = len(bundle.prompt) + sum(map(len, bundle.answers))
    assert prepared(pairs, max_tokens=size, batch_tokens=size).too_long == 0
    assert prepared(pairs, max_tokens=size - 1, batch_tokens=size).too_long == 1


def test_an_example_of_the_longest_length_is_kept_and_a_longer_one_counted():
    examples = [example("q", "a b c d"), pair("q", "a", "a b c d e f")]
    size = len(prepared(examples[:1]).bundles[0].prompt) + len(tokens_of("a b c d")) + 1
    found = prepared(examples, max_tokens=size)
    assert (found.examples, found.too_long) == (1, 1)
    assert prepared(examples[:1], max_tokens=size - 1).too_long == 1


def test_answers_that_do_not_fit_one_row_go_to_several_bundles():
    examples = [example("question", "abc " * count) for count in range(2, 12)]
    found = prepared(examples, max_tokens=100, batch_tokens=100)
    assert len(found.bundles) > 1
    assert all(bundle.tokens <= 100 for bundle in found.bundles)
    assert sum(len(bundle.answers) for bundle in found.bundles) == 10
    assert len({bundle.prompt for bundle in found.bundles}) == 1


def test_an_example_longer_than_a_row_is_an_error_in_the_settings():
    with pytest.raises(FinetuneError, match="train.max_tokens is 401"):
        prepared([example("q", "a")], max_tokens=401)


def test_the_end_of_an_answer_is_what_the_template_closes_it_with():
    tokenizer = tiny_tokenizer()
    assert end_token(tokenizer) == EOS == tokenizer.convert_tokens_to_ids("<|im_end|>")


def test_rows_are_filled_but_never_over():
    sizes = [(30, 11), (49, 2), (9, 2), (60, 41), (100, 1), (1, 1)]
    rows = pack(bundles_of(*sizes), 100)
    assert [[b.tokens for b in row] for row in rows] == [[40, 50, 10], [100], [100], [1]]


def test_a_plan_is_the_same_for_a_seed_and_every_pass_has_all_in_another_order():
    bundles = bundles_of(*[(20 + i, 5) for i in range(12)])
    wanted = {"batch_tokens": 60, "rows": 2, "epochs": 2}
    steps = plan(bundles, seed=1, **wanted)
    assert steps == plan(bundles, seed=1, **wanted) != plan(bundles, seed=2, **wanted)
    flat = [bundle for step in steps for row in step for bundle in row]
    assert sorted(flat[:12]) == sorted(flat[12:]) == sorted(bundles)
    assert flat[:12] != flat[12:]
    assert all(len(step) <= 2 for step in steps)


def test_a_fraction_of_a_pass_is_a_fraction_of_its_steps():
    bundles = bundles_of(*[(20, 5)] * 10)
    counts = [
        len(plan(bundles, batch_tokens=30, rows=1, epochs=epochs, seed=0))
        for epochs in (0.01, 0.5, 1, 2.5)
    ]
    assert counts == [1, 5, 10, 25]
