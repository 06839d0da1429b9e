#!/usr/bin/env bash
# torch 2.13.0: the processes of `torch.distributed.run --standalone` meet at the name of the machine, not at localhost.
#
# The option is for a single machine, and prints `--rdzv-endpoint=localhost:0`, so one would expect it to need no
# name and no network. That endpoint is only where the agent keeps its store. The address that the workers are given
# (MASTER_ADDR) is what socket.getfqdn() returns, so it depends on what the machine's own name resolves to: on this
# side of a VPN, a DHCP lease or a container without an entry in /etc/hosts it may be something else, or nothing.
# `--local-addr=127.0.0.1` gives the loopback address.
#
# Needs Python 3.11 or later, user namespaces (unshare), and about 1 GB for a while. Runs two workers in a namespace
# with a name and a hosts file of its own, in which the name of the machine stands for 127.0.0.2.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.1
cat > worker.py <<'PY'
import os
import torch.distributed as distributed
distributed.init_process_group("gloo")
if distributed.get_rank() == 0:
    print("workers meet at", os.environ["MASTER_ADDR"])
distributed.destroy_process_group()
PY
printf '127.0.0.1 localhost\n127.0.0.2 trainer.example trainer\n' > hosts
printf 'hosts: files\n' > nsswitch.conf
meet() {
  unshare --map-root-user --uts --mount sh -c '
    mount --bind hosts /etc/hosts
    if [ -e /etc/nsswitch.conf ]; then mount --bind nsswitch.conf /etc/nsswitch.conf; fi
    hostname trainer
    exec env/bin/python -W ignore -m torch.distributed.run --standalone --nproc_per_node=2 "$@" worker.py' meet "$@"
}
meet | tee by-default
meet --local-addr=127.0.0.1 | tee with-address
grep -qx 'workers meet at trainer.example' by-default
grep -qx 'workers meet at 127.0.0.1' with-address
