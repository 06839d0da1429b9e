#!/usr/bin/env bash
# torch 2.13.0: `torch.set_num_threads` is not of the process: a thread that has asked for the number keeps its own.
#
# The documentation speaks of the number of threads used for operations on the CPU, and there is no argument that names a
# thread, so one would expect one number. A thread takes over the number of the process when it first asks
# (`torch.get_num_threads()`, or an operation that is shared), and keeps it: what others set later does not reach it. So
# a worker that has asked goes on with two threads after the main thread has set one, while a new one gets one. And the
# main thread itself, which set one and has not asked, finds two when the worker has set two meanwhile.
#
# Needs Python 3.11 or later and about 1 GB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.1
cat > ask.py <<'PY'
from concurrent.futures import ThreadPoolExecutor

import torch


def thread():
    return ThreadPoolExecutor(1)


def number(of):
    return of.submit(torch.get_num_threads).result()


torch.set_num_threads(2)
asked, idle = thread(), thread()
idle.submit(int).result()
print("a thread that asks:", number(asked))
torch.set_num_threads(1)
print("the main thread sets 1, then that thread:", number(asked))
print("one that ran and had not asked:", number(idle))
print("a new one:", number(thread()))
asked.submit(torch.set_num_threads, 2).result()
print("the first thread sets 2, then the main thread:", torch.get_num_threads())
print("a new one after that:", number(thread()))
PY
env/bin/python -W ignore ask.py | tee seen
diff seen - <<'SEEN'
a thread that asks: 2
the main thread sets 1, then that thread: 2
one that ran and had not asked: 1
a new one: 1
the first thread sets 2, then the main thread: 2
a new one after that: 2
SEEN
