"""Numbers in compiled code: bf16 as its bits in uint16, computed with in float32."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from llvmlite import ir
from numba import float32, intp, njit, types, uint16, uint32
from numba.extending import intrinsic

FAST = {"reassoc", "nsz", "contract", "arcp", "nnan"}
"""Sums may be taken in any order."""
EXACT = {"nsz", "contract", "nnan"}
"""They stay in order: `exp` adds a number and takes it away again."""
COMPILED: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy"}
"""How every kernel is compiled: kept on disk, run without Python's lock, x / 0 as numpy has it."""
_WORD, _FLOAT, _BYTE = ir.IntType(32), ir.FloatType(), ir.IntType(8).as_pointer()
_TO_INTEGER = np.float32(12582912.0)
"""1.5 * 2**23: what is added to it is rounded to an integer, in its lowest bits."""


def supported(tensor: torch.Tensor) -> bool:
    """Whether there are kernels for such numbers where they are."""
    return tensor.device.type == "cpu" and tensor.dtype in {torch.bfloat16, torch.float32}


def bits(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return the numbers of a tensor as a kernel takes them, without a copy."""
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.view(torch.uint16)
    found: np.ndarray[Any, Any] = tensor.numpy()
    return found


def _unary(result: Any, write: Callable[[Any, ir.Value], ir.Value]) -> Any:
    """What an intrinsic of one number returns: its signature, and the code that `write` gives."""

    def generate(_context: Any, code: Any, _signature: Any, values: Any) -> Any:
        return write(code, values[0])

    return result, generate


@intrinsic
def _as_float(_context: Any, _pattern: Any) -> Any:
    """The float32 of 32 bits."""
    return _unary(float32(uint32), lambda code, value: code.bitcast(value, _FLOAT))


@intrinsic
def _as_bits(_context: Any, _number: Any) -> Any:
    """The 32 bits of a float32."""
    return _unary(uint32(float32), lambda code, value: code.bitcast(value, _WORD))


@intrinsic
def wide(_context: Any, number: Any) -> Any:
    """The float32 of a number as it is stored: bf16 is the upper half of its bits."""
    if number == float32:
        return _unary(float32(float32), lambda _code, value: value)

    def widened(code: Any, value: ir.Value) -> ir.Value:
        return code.bitcast(code.shl(code.zext(value, _WORD), _WORD(16)), _FLOAT)

    return _unary(float32(uint16), widened)


@intrinsic
def stored(_context: Any, _number: Any, like: Any) -> Any:
    """A float32 in the form of `like`: bf16 is the nearest one, ties to even."""

    def generate(_context: Any, code: Any, _signature: Any, values: Any) -> Any:
        if like == float32:
            return values[0]
        whole = code.bitcast(values[0], _WORD)
        odd = code.and_(code.lshr(whole, _WORD(16)), _WORD(1))
        rounded = code.add(code.add(whole, _WORD(0x7FFF)), odd)
        return code.trunc(code.lshr(rounded, _WORD(16)), ir.IntType(16))

    return like(float32, like), generate


@intrinsic
def prefetch(_context: Any, _address: Any) -> Any:
    """Ask for the cache line at an address, into the second cache."""

    def generate(context: Any, code: Any, _signature: Any, values: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [_BYTE, _WORD, _WORD, _WORD])
        call = code.module.declare_intrinsic("llvm.prefetch", [_BYTE], kind)
        code.call(call, [code.inttoptr(values[0], _BYTE), _WORD(0), _WORD(2), _WORD(1)])
        return context.get_dummy_value()

    return types.void(intp), generate


@njit(fastmath=EXACT, **COMPILED)
def exp(number: Any) -> Any:
    """Return e to a number up to 88, off by 7e-6 of it at most; numbers below -87 count as -87."""
    power = max(number * np.float32(1.44269504), np.float32(-126))
    whole = power + _TO_INTEGER
    rest = power - (whole - _TO_INTEGER)
    found = np.float32(1.3398874e-3)
    found = found * rest + np.float32(9.6184373e-3)
    found = found * rest + np.float32(5.5503326e-2)
    found = found * rest + np.float32(2.4022648e-1)
    found = found * rest + np.float32(6.9314718e-1)
    found = found * rest + np.float32(1.0)
    return found * _as_float((_as_bits(whole) + np.uint32(127)) << np.uint32(23))
