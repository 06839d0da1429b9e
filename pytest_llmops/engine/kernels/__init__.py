"""What a step does between its matrix products on a CPU, compiled by numba to one pass each.

The same in torch is dozens of operations of microseconds, which read and write everything anew:
decoding 32 rows took three times as long as its products alone. Numbers in bf16 are computed in
float32 and rounded once; torch rounds them after each operation. Compiled code is kept on disk by
numba, for the processor at hand.

- `numbers`: bf16 and float32 in compiled code, the exponential
- `rows`: norm, rotary embedding, gate
- `blocks`: attention over the blocks of the pool

Models that `compiled` runs are compiled as a whole, products and all:

- `tiles`: products of bf16 matrices
- `paired`: attention as such products, over blocks that are laid out for them
- `layers`: the layers of a model
"""
