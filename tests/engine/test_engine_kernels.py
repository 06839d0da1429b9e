"""Compiled kernels against the same written plainly in torch, in both kinds of numbers."""

import threading

import pytest

torch = pytest.importorskip("torch", reason="needs the `local` extra")

from torch.nn.functional import silu  # noqa: E402

from pytest_llmops.engine.attention import Form, attend  # noqa: E402
from pytest_llmops.engine.kernels import rows as kernels  # noqa: E402
from pytest_llmops.engine.kernels.numbers import supported  # noqa: E402
from pytest_llmops.engine.kvcache import BLOCK, BlockPool, blocks_for  # noqa: E402
from pytest_llmops.engine.step import QUERIES, Row, Step  # noqa: E402
from pytest_llmops.engine.threads import split  # noqa: E402

pytestmark = pytest.mark.torch

ROUNDING = {torch.float32: 1e-5, torch.bfloat16: 2**-7}
"""Relative to the largest number of the result."""


def drawn(*shape, dtype=torch.float32, seed=0):
    numbers = torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    return numbers.to(dtype)


def assert_near(found, expected):
    assert found.dtype in ROUNDING
    allowed = ROUNDING[found.dtype] * expected.abs().max()
    assert (found.double() - expected).abs().max() <= allowed


def plain_attention(query, keys, values, start, form):
    """Attention of one row; queries `[tokens, heads, width]`, the others `[end, heads, width]`."""
    group = query.shape[1] // keys.shape[1]
    keys, values = (part.double().repeat_interleave(group, 1) for part in (keys, values))
    scores = torch.einsum("qhw,khw->hqk", query.double(), keys) * form.scaling
    if form.softcap:
        scores = form.softcap * torch.tanh(scores / form.softcap)
    now = start + torch.arange(len(query))[:, None]
    place = torch.arange(len(keys))
    hidden = place > now
    if form.window:
        hidden |= place <= now - form.window
    weights = scores.masked_fill(hidden, float("-inf")).softmax(-1)
    return torch.einsum("hqk,khw->qhw", weights, values)


ROWS = [(0, 1), (0, BLOCK), (63, 1), (64, 1), (300, 1), (5, QUERIES + 3), (70, 200), (0, 333)]
"""Tokens that lie in the pool already, and new ones."""
FORMS = {
    "plain": Form(0.3),
    "window": Form(0.3, window=37),
    "a window of blocks": Form(0.3, window=2 * BLOCK),
    "soft cap": Form(0.9, softcap=3.0),
}


@pytest.mark.parametrize("dtype", ROUNDING, ids=str)
@pytest.mark.parametrize("sizes", [(2, 3, 16, 16), (1, 1, 24, 8)], ids=str)
@pytest.mark.parametrize("name", FORMS)
def test_attention_is_that_of_the_formula(name, sizes, dtype):
    heads, group, width, value_width = sizes
    pool, form, expected, rows, parts = (
        BlockPool(torch.device("cpu"), dtype),
        FORMS[name],
        [],
        [],
        [],
    )
    pool.allocate(3)
    for number, (start, count) in enumerate(ROWS):
        end = start + count
        query = drawn(count, heads * group, width, dtype=dtype, seed=number)
        keys = drawn(end, heads, width, dtype=dtype, seed=100 + number)
        values = drawn(end, heads, value_width, dtype=dtype, seed=200 + number)
        expected.append(plain_attention(query, keys, values, start, form))
        blocks = pool.allocate(blocks_for(end))
        parts.append((query, keys, values))
        rows.append((Row([7] * count, start, number, blocks), Row([7] * start, 0, number, blocks)))
    stored = pool.layer(0, *(part[0] for part in zip(*[p[1:] for p in parts], strict=True)))
    for tensor in stored:
        tensor.copy_(drawn(*tensor.shape, dtype=dtype, seed=9) * 50)  # what others left behind
    earlier = [(p, row) for p, (_, row) in zip(parts, rows, strict=True) if row.tokens]
    qkv = [torch.cat([p[i][: len(row.tokens)] for p, row in earlier]).contiguous() for i in (1, 2)]
    asked = drawn(len(qkv[0]), heads * group, width, dtype=dtype)
    attend(Step([row for _, row in earlier], pool), 0, (asked, *qkv), form)
    step = Step([row for row, _ in rows], pool)
    query = torch.cat([p[0] for p in parts])
    keys, values = (
        torch.cat([p[i][row.start :] for p, (row, _) in zip(parts, rows, strict=True)])
        for i in (1, 2)
    )
    assert_near(attend(step, 0, (query, keys, values), form), torch.cat(expected))


@pytest.mark.parametrize("dtype", ROUNDING, ids=str)
@pytest.mark.parametrize("tokens", [1, 33, 3000])
def test_norm_rotary_embedding_and_gate_are_those_of_their_formulas(tokens, dtype):
    rows, weight = drawn(tokens, 160, dtype=dtype) * 3, drawn(160, dtype=dtype, seed=1)
    exact = rows.double()
    scale = torch.rsqrt(exact.square().mean(-1, keepdim=True) + 1e-5)
    rounded = (exact * scale).to(dtype)  # as transformers does before it multiplies with the weight
    assert_near(kernels.norm(rows, weight, 1e-5), weight.double() * rounded)

    gates = drawn(tokens, 320, dtype=dtype) * 30
    first, second = gates.double().chunk(2, -1)
    assert_near(kernels.gate(gates), silu(first) * second)

    heads = drawn(tokens, 5, 32, dtype=dtype)
    turn = drawn(tokens, 1, 32, dtype=dtype, seed=2), drawn(tokens, 1, 32, dtype=dtype, seed=3)
    cosine, sine = (part.double() for part in turn)
    turning = heads[:, :4].double()
    first, second = turning.chunk(2, -1)
    expected = turning * cosine + torch.cat([-second, first], -1) * sine
    still = heads[:, 4:].clone()
    kernels.rotate(heads, turn, 4)
    assert_near(heads[:, :4], expected)
    assert torch.equal(heads[:, 4:], still)


def test_the_gate_of_large_numbers_is_open_or_closed():
    opened, closed, nearly, hardly = kernels.gate(
        torch.tensor([[300.0, -300.0, 88.0, -88.0, 2.0, 2.0, 2.0, 2.0]])
    )[0].tolist()
    assert (opened, nearly) == (600.0, 176.0)
    assert -1e-30 < closed <= 0
    assert -1e-30 < hardly <= 0


@pytest.mark.parametrize(
    ("dtype", "known"), [(torch.float32, True), (torch.bfloat16, True), (torch.float16, False)]
)
def test_other_numbers_are_left_to_torch(dtype, known):
    assert supported(torch.zeros(1, dtype=dtype)) is known
    assert not supported(torch.zeros(1, dtype=dtype, device="meta"))


@pytest.mark.parametrize("costs", [[1], [1, 1, 1, 1], [9, 1, 1, 1, 1], [1, 1, 1, 90], [3] * 100])
@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_work_is_split_whole_and_evenly(costs, parts):
    ends = [sum(costs[: i + 1]) for i in range(len(costs))]
    spans, lock = [], threading.Lock()

    def work(first, last):
        with lock:
            spans.append((first, last))

    split(work, ends, parts)
    assert [i for span in sorted(spans) for i in range(*span)] == list(range(len(costs)))
    assert len(spans) <= parts
    most = max(sum(costs[first:last]) for first, last in spans)
    assert most <= sum(costs) / parts + max(costs)


def test_what_fails_in_a_thread_fails_the_step():
    def work(first, _last):
        if first:
            raise ValueError("in the second part")

    with pytest.raises(ValueError, match="second part"):
        split(work, range(1, 9), 2)
