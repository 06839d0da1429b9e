"""Between a training and its checkpoint: weights, moments and random generators as named tensors.

With FSDP every process holds a part of each tensor; a snapshot holds whole ones, so all processes
have to take part in taking it.
"""

from typing import Any

import torch
from accelerate.utils import gather_object
from torch.distributed.tensor import DTensor, distribute_tensor

from .trainee import weights_of

Tensors = dict[str, torch.Tensor]
_MOMENTS = ("exp_avg", "exp_avg_sq")
"""What AdamW keeps of every weight."""


def whole_weights(trainee: torch.nn.Module) -> Tensors:
    """Return a copy of the LoRA weights, whole and on the CPU."""
    return {name: _whole(parameter) for name, parameter in weights_of(trainee)}


def set_weights(trainee: torch.nn.Module, tensors: Tensors) -> None:
    """Put weights from `whole_weights` into the model."""
    with torch.no_grad():
        for name, parameter in weights_of(trainee):
            parameter.copy_(_like(parameter, tensors[name]))


def take(trainee: torch.nn.Module, optimizer: Any, best: Tensors, *, with_best: bool) -> Tensors:
    """Return everything that a training needs to go on, by name.

    Args:
        trainee: The model in training, without wrappers.
        optimizer: AdamW after at least one step.
        best: Weights with the lowest validation loss.
        with_best: Whether they are others than the current ones.
    """
    tensors = {f"weight/{name}": whole for name, whole in whole_weights(trainee).items()}
    if with_best:
        tensors |= {f"best/{name}": whole for name, whole in best.items()}
    for name, parameter in weights_of(trainee):
        state = optimizer.state[parameter]
        tensors |= {f"{moment}/{name}": _whole(state[moment]) for moment in _MOMENTS}
    generators = [torch.get_rng_state()]
    if torch.cuda.is_available():
        generators.append(torch.cuda.get_rng_state())
    for rank, found in enumerate(gather_object([generators])):
        tensors |= {f"random/{rank}/{at}": state for at, state in enumerate(found)}
    return tensors


def restore(
    trainee: torch.nn.Module, optimizer: Any, tensors: Tensors, *, step: int, rank: int
) -> Tensors:
    """Put back what `take` returned after optimizer step `step`; return the best weights."""
    weights = _below("weight/", tensors)
    set_weights(trainee, weights)
    for name, parameter in weights_of(trainee):
        optimizer.state[parameter] = {
            "step": torch.tensor(float(step)),
            **{moment: _like(parameter, tensors[f"{moment}/{name}"]) for moment in _MOMENTS},
        }
    torch.set_rng_state(tensors[f"random/{rank}/0"])
    if torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors[f"random/{rank}/1"])
    return _below("best/", tensors) or weights


def _below(prefix: str, tensors: Tensors) -> Tensors:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def _whole(tensor: torch.Tensor) -> torch.Tensor:
    if isinstance(tensor, DTensor):
        tensor = tensor.full_tensor()
    return tensor.detach().to("cpu", copy=True)


def _like(parameter: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
    """Return `whole` as its parameter is: on its device, or this process' part of it."""
    moved = whole.to(parameter.device, copy=True)
    if isinstance(parameter, DTensor):
        return distribute_tensor(moved, parameter.device_mesh, parameter.placements)
    return moved
