#!/usr/bin/env bash
# numba 0.68.1: a function with `inline="always"` is compiled under its caller's `fastmath`, not under its own.
#
# numba lets each function say which liberties LLVM may take with its arithmetic. A function that depends on the order of
# its sums says so, for example one that rounds to an integer by adding 1.5 * 2**23 and taking it away again, as fast
# exponentials do. Called from a function with `fastmath=True`, it keeps its own rule, also where LLVM inlines it. With
# `inline="always"` numba itself puts its body into the caller before there is any LLVM code, so the caller's rule holds:
# the addition and the subtraction cancel out, the number comes back unrounded, and nothing warns. The same function gives
# two results, depending on who calls it.
#
# Needs Python 3.11 or later and about 200 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numba==0.68.1 llvmlite==0.50.0 numpy==2.4.6
cat > ask.py <<'PY'
import numpy as np
from numba import njit

MAGIC = np.float32(12582912.0)


def rounded(number):
    return (number + MAGIC) - MAGIC


def asked(inline, callers_fastmath):
    exact = njit(fastmath=False, inline=inline)(rounded)

    @njit(fastmath=callers_fastmath)
    def caller(numbers):
        for i in range(len(numbers)):
            numbers[i] = exact(numbers[i])

    numbers = np.array([0.25, 1.75, 2.6], np.float32)
    caller(numbers)
    return numbers.tolist()


for inline in ("never", "always"):
    for fastmath in (False, True):
        print(f"inline={inline}, caller fastmath={fastmath}:", [round(n, 2) for n in asked(inline, fastmath)])
PY
env/bin/python ask.py | tee found
diff found - <<'EXPECTED'
inline=never, caller fastmath=False: [0.0, 2.0, 3.0]
inline=never, caller fastmath=True: [0.0, 2.0, 3.0]
inline=always, caller fastmath=False: [0.0, 2.0, 3.0]
inline=always, caller fastmath=True: [0.25, 1.75, 2.6]
EXPECTED
echo "as described"
