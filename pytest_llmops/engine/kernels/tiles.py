"""Products of bf16 matrices, in tiles that stay in registers.

A weight `[out, in]` lies in panels of `PANEL` of its outputs: `[panels, in / 2, PANEL, 2]`, so that
the two numbers which an instruction multiplies and adds are one word of 32 bits. A tile is up to
`ROWS` rows by one panel; its sums are float32. Where the processor has an instruction for products
of bf16 it is used, elsewhere both halves of each word are widened.
"""

from typing import Any, cast

import numpy as np
import torch
from llvmlite import binding, ir
from numba import intp, njit, types
from numba.extending import intrinsic

from pytest_llmops.engine.kernels.numbers import COMPILED, FAST, stored

PANEL = 64
"""Outputs that are computed together."""
ROWS = 6
"""Most rows of a tile: with four vectors each they take 24 of 32 registers."""
_EARLY = 2
"""First tiles of a panel, which ask for halves of the next one where more tiles follow."""
_LANES = 16
"""Sums in a vector."""
LINE = 64
"""Bytes of a vector."""
_INSTRUCTION = "llvm.x86.avx512bf16.dpbf16ps.512"
_HAS_INSTRUCTION = bool(binding.get_host_cpu_features().get("avx512bf16"))


def has_matrix_units() -> bool:
    """Whether the processor multiplies tiles of bf16 by itself (AMX)."""
    return bool(binding.get_host_cpu_features().get("amx-bf16"))


_BYTE = ir.IntType(8).as_pointer()
_WORD, _WORDS = ir.IntType(32), ir.VectorType(ir.IntType(32), _LANES)
_HALF = cast("Any", type("_Half", (ir.Type,), {"_to_string": lambda _: "bfloat"}))()
"""A bf16, which llvmlite has no type for."""
_SUMS, _HALVES = ir.VectorType(ir.FloatType(), _LANES), ir.VectorType(_HALF, 2 * _LANES)


def _same(code: ir.IRBuilder, word: ir.Value) -> ir.Value:
    """A vector with `word` in each place."""
    empty = ir.Constant(_WORDS, ir.Undefined)
    first = code.insert_element(empty, word, _WORD(0))
    return code.shuffle_vector(first, empty, ir.Constant(_WORDS, [0] * _LANES))


def _call(code: ir.IRBuilder, name: str, values: list[ir.Value]) -> ir.Value:
    kind = ir.FunctionType(_SUMS, [value.type for value in values])
    known = code.module.globals.get(name)
    return code.call(known or ir.Function(code.module, kind, name), values)


def _added(code: ir.IRBuilder, sums: ir.Value, one: ir.Value, other: ir.Value) -> ir.Value:
    """`sums` and the products of both halves of the words of two vectors."""
    if _HAS_INSTRUCTION:
        halves = [code.bitcast(words, _HALVES) for words in (one, other)]
        return _call(code, _INSTRUCTION, [sums, *halves])
    upper = ir.Constant(_WORDS, [0xFFFF0000] * _LANES)
    width = ir.Constant(_WORDS, [16] * _LANES)
    for halves in (
        [code.shl(words, width) for words in (one, other)],
        [code.and_(words, upper) for words in (one, other)],
    ):
        factors = [code.bitcast(half, _SUMS) for half in halves]
        sums = _call(code, f"llvm.fma.v{_LANES}f32", [*factors, sums])
    return sums


def _at(code: ir.IRBuilder, place: ir.Value, kind: ir.Type) -> ir.Value:
    return code.inttoptr(place, kind.as_pointer())


def _fetch(code: ir.IRBuilder, place: ir.Value, lines: int) -> None:
    """Ask for so many lines at an address."""
    kind = ir.FunctionType(ir.VoidType(), [_BYTE, _WORD, _WORD, _WORD])
    ask = code.module.declare_intrinsic("llvm.prefetch", [_BYTE], kind)
    for line in range(lines):
        at = _at(code, code.add(place, place.type(line * LINE)), ir.IntType(8))
        code.call(ask, [at, _WORD(0), _WORD(2), _WORD(1)])


def _write_tile(
    code: ir.IRBuilder, size: tuple[int, int, int], given: tuple[ir.Value, ...]
) -> None:
    """Write the code of a tile: a loop over the pairs with all sums in registers."""
    (rows, vectors, lines), (left, left_row, right, right_pair, sums, sums_row, pairs, ahead) = (
        size,
        given,
    )
    number = pairs.type
    places = [
        _at(code, code.add(code.add(sums, code.mul(sums_row, number(r))), number(v * LINE)), _SUMS)
        for r in range(rows)
        for v in range(vectors)
    ]
    before = [code.load(place, align=4) for place in places]
    entry, loop, done = (
        code.block,
        code.append_basic_block("pairs"),
        code.append_basic_block("done"),
    )
    code.branch(loop)
    code.position_at_end(loop)
    pair = code.phi(number)
    pair.add_incoming(number(0), entry)
    held = [code.phi(_SUMS) for _ in places]
    for phi, value in zip(held, before, strict=True):
        phi.add_incoming(value, entry)
    start = code.add(right, code.mul(pair, right_pair))
    others = [
        code.load(_at(code, code.add(start, number(v * LINE)), _WORDS), align=4)
        for v in range(vectors)
    ]
    _fetch(code, code.add(ahead, code.mul(pair, number(lines * LINE))), lines)
    found = []
    for r in range(rows):
        place = code.add(code.add(left, code.mul(left_row, number(r))), code.mul(pair, number(4)))
        word = _same(code, code.load(_at(code, place, _WORD), align=4))
        mine = held[r * vectors : (r + 1) * vectors]
        found += [_added(code, *both, word) for both in zip(mine, others, strict=True)]
    following = code.add(pair, number(1))
    pair.add_incoming(following, loop)
    for phi, value in zip(held, found, strict=True):
        phi.add_incoming(value, loop)
    code.cbranch(code.icmp_signed("<", following, pairs), loop, done)
    code.position_at_end(done)
    for place, value in zip(places, found, strict=True):
        code.store(value, place, align=4)


@intrinsic(prefer_literal=True)
def _tile(
    _context: Any, vectors: Any, lines: Any, _size: Any, _left: Any, _right: Any, _sums: Any
) -> Any:
    """Add to sums the products of up to `ROWS` rows and so many vectors of columns.

    The size is the rows, the pairs of numbers in each, and an address: with each pair so many lines
    there are asked for, as a burst of all would hold the tile up.
    """
    two = types.UniTuple(intp, 2)

    def generate(context: Any, code: Any, _signature: Any, values: Any) -> Any:
        rows, pairs, ahead = (code.extract_value(values[2], i) for i in range(3))
        parts = [code.extract_value(value, i) for value in values[3:] for i in range(2)]
        done = code.append_basic_block("all")
        choice = code.switch(rows, done)
        for count in range(1, ROWS + 1):
            block = code.append_basic_block(f"rows{count}")
            choice.add_case(rows.type(count), block)
            code.position_at_end(block)
            _write_tile(
                code, (count, vectors.literal_value, lines.literal_value), (*parts, pairs, ahead)
            )
            code.branch(done)
        code.position_at_end(done)
        return context.get_dummy_value()

    return types.void(vectors, lines, types.UniTuple(intp, 3), two, two, two), generate


@njit(**COMPILED)
def add_products(size: Any, left: Any, right: Any, sums: Any, ahead: Any) -> None:
    """Add the products of rows and columns to `sums`.

    Args:
        size: Rows, columns (a multiple of 16), and half of the numbers of a row.
        left: Address of the rows, and bytes from one to the next.
        right: The same of the columns, from one pair of numbers to the next.
        sums: The same of the rows of the result.
        ahead: Address of what is needed next, and how many of its lines are asked for with each
            pair of a panel: 0, 2 or 4.
    """
    rows, columns, pairs = size
    for first in range(0, rows, ROWS):
        count = min(ROWS, rows - first)
        mine, done = (left[0] + first * left[1], left[1]), 0
        lines = 0 if first else ahead[1]
        while done < columns:
            place = right[0] + done * 4, right[1]
            into = sums[0] + first * sums[1] + done * 4, sums[1]
            tile = count, pairs, ahead[0] + done // PANEL * lines * pairs * LINE
            if done + PANEL > columns:
                _tile(1, 0, tile, mine, place, into)
                done += _LANES
                continue
            if lines == 0:
                _tile(4, 0, tile, mine, place, into)
            elif lines == 2:
                _tile(4, 2, tile, mine, place, into)
            else:
                _tile(4, 4, tile, mine, place, into)
            done += PANEL


@njit(**COMPILED)
def _begin(bias: Any, sums: Any) -> None:
    for r in range(len(sums)):
        for j in range(PANEL):
            sums[r, j] = bias[j]


@njit(**COMPILED)
def _write(sums: Any, out: Any) -> None:
    for j in range(PANEL):
        out[j] = stored(sums[j], out[j])


@njit(fastmath=FAST, **COMPILED)
def multiply(left: Any, weight: int, bias: Any, span: Any, out: Any) -> None:
    """Write `left @ weight.T + bias` into the columns of some panels of `out`, rounded to bf16.

    Args:
        left: bf16 `[rows, in]`.
        weight: Address of the panels.
        bias: float32, as many as the panels have outputs.
        span: First panel and end of the panels.
        out: bf16 `[rows, out]`.
    """
    pairs, (count, width) = left.shape[1] // 2, out.shape
    sums, size = np.empty((ROWS, PANEL), np.float32), pairs * PANEL * 4
    early = _EARLY * ROWS if count > _EARLY * ROWS else 0
    for panel in range(span[0], span[1]):
        start, place = panel * PANEL, weight + panel * size
        end = min(PANEL, width - start)
        for first in range(0, count, ROWS):
            rows = min(ROWS, count - first)
            _begin(bias[start : start + PANEL], sums[:rows])
            mine = left.ctypes.data + first * left.strides[0], left.strides[0]
            columns, into = (place, PANEL * 4), (sums.ctypes.data, sums.strides[0])
            half = place + size + first // ROWS * (size // _EARLY), 2 if first < early else 0
            add_products((rows, PANEL, pairs), mine, columns, into, half)
            for r in range(rows):
                if end == PANEL:
                    _write(sums[r], out[first + r, start : start + PANEL])
                else:
                    for j in range(end):
                        out[first + r, start + j] = stored(sums[r, j], out[first + r, start + j])


def pack(weight: torch.Tensor) -> torch.Tensor:
    """Return a bf16 weight `[out, in]` in panels, filled up with zeros."""
    rows, width = weight.shape
    whole = weight.new_zeros((-(-rows // PANEL) * PANEL, width))
    whole[:rows] = weight
    return whole.view(-1, PANEL, width // 2, 2).transpose(1, 2).contiguous()
