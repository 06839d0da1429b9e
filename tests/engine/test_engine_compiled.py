"""Llama-like models as compiled code: the numbers of transformers' own code, whatever is beside."""

import pytest

numba = pytest.importorskip("numba", reason="needs the `local` extra")
torch = pytest.importorskip("torch", reason="needs the `local` extra")
transformers = pytest.importorskip("transformers", reason="needs the `local` extra")

from tiny_models import CONFIGS, SIZES, prompts_of, tiny_model  # noqa: E402

from pytest_llmops.engine.compiled import CompiledRunner, fits, runner  # noqa: E402
from pytest_llmops.engine.compiled.shares import share  # noqa: E402
from pytest_llmops.engine.kernels import tiles  # noqa: E402
from pytest_llmops.engine.kernels.numbers import bits  # noqa: E402
from pytest_llmops.engine.kvcache import BLOCK, BlockPool, blocks_for  # noqa: E402
from pytest_llmops.engine.linear import LowRank  # noqa: E402
from pytest_llmops.engine.llama import LlamaRunner  # noqa: E402
from pytest_llmops.engine.runners import build_runner  # noqa: E402
from pytest_llmops.engine.step import QUERIES, Row, Step  # noqa: E402

pytestmark = pytest.mark.torch

WIDE = SIZES | {"head_dim": 16, "initializer_range": 0.2}
MODELS = {
    "llama": lambda: transformers.LlamaConfig(**WIDE),
    "llama with biases": lambda: transformers.LlamaConfig(
        **WIDE, attention_bias=True, mlp_bias=True
    ),
    "wide heads": lambda: transformers.LlamaConfig(**WIDE | {"head_dim": 80, "hidden_size": 102}),
    "each query has its key": lambda: transformers.LlamaConfig(**WIDE | {"num_key_value_heads": 6}),
    "mistral with a window": lambda: transformers.MistralConfig(**WIDE, sliding_window=50),
    "a window of blocks": lambda: transformers.MistralConfig(**WIDE, sliding_window=2 * BLOCK),
    "qwen2": lambda: transformers.Qwen2Config(**WIDE),
    "qwen3": lambda: transformers.Qwen3Config(**WIDE),
}
LENGTHS = [1, 2, 5, QUERIES, BLOCK - 1, BLOCK, BLOCK + 1, 300]
EXACT = torch.float32


@pytest.fixture
def make(monkeypatch):
    """Makes a model of `MODELS` by its name, with biases that are not zero."""

    def made(name, dtype=torch.bfloat16):
        monkeypatch.setitem(CONFIGS, "compiled", MODELS[name])
        model = tiny_model("compiled")
        for key, parameter in model.named_parameters():
            if key.endswith("bias"):
                parameter.copy_(torch.linspace(-1, 1, len(parameter)))
        return model.bfloat16().to(dtype)

    return made


class Asked:
    """Sequences of one runner, each with its blocks in a pool."""

    def __init__(self, runner, dtype=torch.bfloat16):
        self.runner, self.pool, self.rows = runner, BlockPool(torch.device("cpu"), dtype), {}

    def __call__(self, *parts):
        """Logits after all tokens of the next parts of sequences: number, tokens, adapter."""
        rows = []
        for number, tokens, *adapter in parts:
            blocks, start = self.rows.setdefault(number, ([], 0))
            end = start + len(tokens)
            blocks += self.pool.allocate(blocks_for(end) - len(blocks))
            rows.append(Row(tokens, start, number, blocks, *(adapter or [""]), len(tokens)))
            self.rows[number] = blocks, end
        return self.runner.forward(Step(rows, self.pool)).split([len(row.tokens) for row in rows])


def far(found, exact):
    """How far off logits are after a token, in standard deviations: on average and at most."""
    off = (found.float() - exact).square().mean(-1).sqrt() / exact.std()
    return off.mean().item(), off.max().item()


@pytest.mark.parametrize("name", MODELS)
def test_logits_are_as_near_to_exact_numbers_as_those_of_transformers(make, name):
    prompts = prompts_of(LENGTHS)
    ours, theirs, exact = Asked(CompiledRunner(make(name))), make(name), make(name, EXACT)
    logits = ours(*enumerate(prompts))
    more = ours(*((i, [9, 8]) for i in range(len(prompts))))
    for prompt, *found in zip(prompts, logits, more, strict=True):
        whole = torch.tensor([[*prompt, 9, 8]])
        expected = exact(whole).logits[0]
        mean, most = far(torch.cat(found), expected)
        usual, high = far(theirs(whole).logits[0], expected)
        assert mean < 1.2 * usual
        assert most < 2.5 * high


@pytest.mark.parametrize("name", ["llama with biases", "a window of blocks", "qwen3"])
def test_logits_do_not_depend_on_what_is_beside(make, name, monkeypatch):
    prompts, one = prompts_of(LENGTHS), CompiledRunner(make(name))
    for count in (1, 2, 3):
        monkeypatch.setattr(runner, "threads", lambda count=count: count)
        together = Asked(one)
        logits = together(*enumerate(prompts))
        more = together(*((i, [9]) for i in range(len(prompts))))
        for prompt, first, second in zip(prompts, logits, more, strict=True):
            alone = Asked(one)
            assert torch.equal(
                torch.cat(
                    alone(
                        (0, prompt[:7]),
                    )
                ),
                first[:7],
            )
            if len(prompt) > 7:
                assert torch.equal(torch.cat(alone((0, prompt[7:]))), first[7:])
            assert torch.equal(alone((0, [9]))[0], second)


def test_rows_have_the_adapters_that_they_ask_for(make):
    model = make("llama with biases")
    paths = [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and not name.endswith("0.mlp.up_proj")
    ]
    adapters = {}
    for number, rank in enumerate((8, 5)):
        drawn = torch.Generator().manual_seed(number)
        adapters[f"lora-{number}"] = {
            path: LowRank(
                torch.randn(rank, module.in_features, generator=drawn).bfloat16() * 0.1,
                torch.randn(module.out_features, rank, generator=drawn).bfloat16() * 0.1,
                0.7,
            )
            for path in paths
            for module in [model.get_submodule(path)]
        }
    del adapters["lora-1"]["lm_head"]
    compiled, plain = (
        CompiledRunner(make("llama with biases")),
        LlamaRunner(make("llama with biases", EXACT)),
    )
    for name, pairs in adapters.items():
        compiled.add_adapter(name, pairs)
        exact = {
            path: LowRank(p.down.float(), p.up.float(), p.scaling) for path, p in pairs.items()
        }
        plain.add_adapter(name, exact)
    prompts = prompts_of([40, 3, 90, 130, 20])
    rows = list(zip(range(5), prompts, ["", "", "lora-0", "lora-0", "lora-1"], strict=True))
    found, expected = Asked(compiled)(*rows), Asked(plain, EXACT)(*rows)
    for one, other in zip(found, expected, strict=True):
        assert far(one, other)[1] < 0.1
    base = Asked(compiled)(*((number, prompt) for number, prompt, _ in rows))
    for (_, _, adapter), one, other in zip(rows, found, base, strict=True):
        assert torch.equal(one, other) == (not adapter)


@pytest.mark.parametrize("instruction", sorted({tiles._HAS_INSTRUCTION, False}))
@pytest.mark.parametrize("rows", range(1, tiles.ROWS + 1))
def test_a_tile_adds_products(rows, instruction, monkeypatch):
    monkeypatch.setattr(tiles, "_HAS_INSTRUCTION", instruction)
    left, right = (torch.randn(n, 50, dtype=torch.bfloat16) for n in (rows, tiles.PANEL))
    before = torch.randn(rows, tiles.PANEL)
    sums, packed = before.numpy().copy(), tiles.pack(right)

    @numba.njit
    def add(size, rows, columns, sums):
        tiles._tile(4, 2, size, rows, columns, sums)

    line = sums.strides[0]
    ahead = packed.data_ptr()
    add(
        (rows, 25, ahead),
        (left.data_ptr(), 100),
        (packed.data_ptr(), line),
        (sums.ctypes.data, line),
    )
    expected = before.double() + left.double() @ right.double().T
    assert (torch.from_numpy(sums) - expected).abs().max() < 1e-4


@pytest.mark.parametrize("rows", [1, 5, 6, 7, 20])
@pytest.mark.parametrize("width", [64, 100, 200])
def test_a_product_is_rounded_once(rows, width):
    left, weight = torch.randn(rows, 96).bfloat16(), torch.randn(width, 96).bfloat16()
    packed, bias = tiles.pack(weight), torch.randn(256)
    out = torch.zeros(rows, width).bfloat16()
    spans = [(0, 1), (1, len(packed))]
    for span in spans:
        tiles.multiply(bits(left), packed.data_ptr(), bias.numpy(), span, bits(out))
    expected = left.double() @ weight.double().T + bias[:width]
    assert ((out - expected).abs() <= expected.abs() * 2**-8 + 1e-5).all()


def step_of(*rows):
    """A step of rows: tokens there, new tokens, adapter."""
    pool = BlockPool(torch.device("cpu"), torch.bfloat16)
    return Step(
        [
            Row([5] * new, start, i, pool.allocate(blocks_for(start + new)), *adapter)
            for i, (start, new, *adapter) in enumerate(rows)
        ],
        pool,
    )


SHARES = {
    "decoding": ([(300, 1)] * 8, 2, [[(0, 4, "")], [(4, 8, "")]], True),
    "one row": ([(300, 1)], 2, [[(0, 1, "")]], True),
    "a long prompt": ([(0, 8 * QUERIES)], 2, [[(0, 4, "")], [(4, 8, "")]], False),
    "a long prompt among others": (
        [(30, 1), (0, 8 * QUERIES), (9, 1)],
        2,
        [[(0, 5, "")], [(5, 10, "")]],
        False,
    ),
    "prompts of one length": ([(0, 40)] * 4, 2, [[(0, 6, "")], [(6, 12, "")]], True),
    "adapters": (
        [(30, 1), (30, 1, "a"), (30, 1, "a"), (30, 1, "b")],
        2,
        [[(0, 1, ""), (1, 2, "a")], [(2, 3, "a"), (3, 4, "b")]],
        True,
    ),
    "more threads than rows": ([(30, 1)] * 2, 5, [[(0, 1, "")], [(1, 2, "")]], True),
}


@pytest.mark.parametrize("name", SHARES)
def test_threads_share_the_tokens_of_a_step(name):
    rows, count, parts, whole = SHARES[name]
    assert share(step_of(*rows), 50.0, count) == (parts, whole)


def test_models_that_are_run_otherwise(make, monkeypatch):
    monkeypatch.setattr(runner, "has_matrix_units", lambda: False)
    assert fits(make("llama"))
    assert isinstance(build_runner(lambda: make("llama"), {}), CompiledRunner)
    assert not fits(make("llama", EXACT))
    assert not fits(tiny_model("gemma2").bfloat16())
    assert not fits(tiny_model().bfloat16())  # heads of 8 numbers
    monkeypatch.setattr(runner, "has_matrix_units", lambda: True)
    assert not fits(make("llama"))
    assert isinstance(build_runner(lambda: make("llama"), {}), LlamaRunner)
