"""Losses by value, and the written-out backward passes against autograd."""

import math

import msgspec
import pytest

torch = pytest.importorskip("torch", reason="needs the `local` extra")
peft = pytest.importorskip("peft", reason="needs the `local` extra")

from finetune.head import log_probs  # noqa: E402
from finetune.lowrank import use_fused  # noqa: E402
from finetune.objective import Objective, preference  # noqa: E402
from finetune.packing import Bundle, lay_out  # noqa: E402
from finetune.settings import Train  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

PAIRED = [
    Bundle((1, 2), ((3, 4), (5,)), ((0, 1),)),
    Bundle((1,), ((6, 7, 8), (3,), (4, 4)), ((1, 0), (2, 0))),
]


def test_the_supervised_loss_is_the_sum_over_answer_tokens_alone():
    bundles = [Bundle((1, 2, 3), ((4, 5), (6,)))]
    loss = Objective(Train(method="sft-shortest")).loss(
        torch.tensor([-1.0, -2.0, -0.5]), lay_out(bundles)
    )
    assert loss.item() == 3.5
    assert Objective(Train(method="sft-shortest")).units(bundles) == 3


def test_the_preference_loss_is_simpo_as_computed_by_hand():
    logs = torch.tensor([-1.0, -2.0, -3.0, -0.5, -1.0, -1.5, -0.25, -2.0, -1.0])
    means = [-1.5, -3.0, -1.0, -0.25, -1.5]
    margins = [2.0 * (means[good] - means[bad]) - 0.75 for good, bad in [(0, 1), (3, 2), (4, 2)]]
    by_hand = sum(math.log(1 + math.exp(-margin)) for margin in margins)
    settings = Train(method="preference", beta=2.0, gamma=0.75, sft_weight=0.0)
    objective = Objective(settings)
    assert objective.loss(logs, lay_out(PAIRED)).item() == pytest.approx(by_hand, rel=1e-6)
    assert objective.units(PAIRED) == 3
    chosen = [means[good] for good, _ in [(0, 1), (3, 2), (4, 2)]]
    objective = Objective(msgspec.structs.replace(settings, sft_weight=0.5))
    by_hand -= 0.5 * sum(chosen)
    assert objective.loss(logs, lay_out(PAIRED)).item() == pytest.approx(by_hand, rel=1e-6)


def test_the_preference_loss_does_not_see_length():
    short, long = [Bundle((1,), ((2,) * n, (3,) * 4), ((0, 1),)) for n in (2, 8)]
    losses = [
        preference(torch.tensor([-0.5] * n + [-1.0] * 4), lay_out([bundle]), Train()).item()
        for n, bundle in ((2, short), (8, long))
    ]
    assert losses[0] == pytest.approx(losses[1])


def test_the_head_gives_log_probabilities_and_gradients_of_autograd():
    torch.manual_seed(0)
    hidden = torch.randn(600, 24, requires_grad=True)
    weight, targets = torch.randn(90, 24), torch.randint(0, 90, (600,))
    above = torch.randn(600)
    ours = log_probs(hidden, weight, targets)
    plain = torch.log_softmax(hidden @ weight.t(), -1).gather(1, targets[:, None])[:, 0]
    assert torch.allclose(ours, plain, atol=1e-5)
    gradients = [torch.autograd.grad((one * above).sum(), hidden)[0] for one in (ours, plain)]
    assert torch.allclose(*gradients, atol=1e-5)


def test_the_head_of_no_position_is_empty():
    hidden = torch.randn(0, 8, requires_grad=True)
    found = log_probs(hidden, torch.randn(5, 8), torch.zeros(0, dtype=torch.long))
    found.sum().backward()
    assert found.shape == (0,)
    assert hidden.grad.shape == (0, 8)


def lora(dropout=0.0, **changes):
    torch.manual_seed(3)
    model = torch.nn.Sequential(torch.nn.Linear(10, 14), torch.nn.Tanh(), torch.nn.Linear(14, 6))
    config = peft.LoraConfig(
        r=4, lora_alpha=12, target_modules=["0", "2"], init_lora_weights=False, **changes
    )
    config.lora_dropout = dropout
    return peft.get_peft_model(model, config)


@pytest.mark.parametrize("changes", [{}, {"use_rslora": True}])
def test_a_fused_layer_gives_numbers_and_gradients_of_peft(changes):
    plain, fused = lora(**changes), lora(**changes)
    assert use_fused(fused) == 2
    rows = torch.randn(2, 7, 10, requires_grad=True)
    results = []
    for model in (plain, fused):
        value = model(rows)
        weights = [weight for weight in model.parameters() if weight.requires_grad]
        results.append([value, *torch.autograd.grad(value.square().sum(), [rows, *weights])])
    assert len(results[0]) == 6
    for one, other in zip(*results, strict=True):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_layer_over_a_bf16_base_keeps_float32_weights_and_gradients():
    model = lora()
    for layer in (model.base_model.model[0], model.base_model.model[2]):
        layer.base_layer.to(torch.bfloat16)
    assert use_fused(model) == 2
    out = model.base_model.model[0](torch.randn(5, 10, dtype=torch.bfloat16))
    out.float().sum().backward()
    weight = model.base_model.model[0].lora_B["default"].weight
    assert out.dtype == torch.bfloat16
    assert weight.dtype == weight.grad.dtype == torch.float32


@pytest.mark.parametrize("changes", [{"dropout": 0.5}, {"use_dora": True}, {"lora_bias": True}])
def test_layers_that_ask_for_more_stay_those_of_peft(changes):
    assert use_fused(lora(**changes)) == 0
