"""Filters of system calls (seccomp), as bubblewrap takes them from a descriptor.

For programs that can make any system call; code in JavaScript makes only those of Node's. None may
use keyrings: these belong to the user's log-in and no namespace parts them, so that what one leaves
there the next one finds.
"""

import os
import platform
import struct
from typing import NamedTuple

from pytest_llmops.errors import SandboxError


class _Machine(NamedTuple):
    """What the kernel calls a kind of processor, and numbers of its system calls."""

    arch: int
    keyrings: tuple[int, ...]
    """`add_key`, `request_key` and `keyctl`."""
    forks: tuple[int, ...]
    """`fork` and `vfork`."""
    clone: int
    spaces: tuple[int, ...]
    """`unshare` and `setns`."""


_MACHINES = {
    "x86_64": _Machine(0xC000003E, (248, 249, 250), (57, 58), 56, (272, 308)),
    "aarch64": _Machine(0xC00000B7, (217, 218, 219), (), 220, (97, 268)),
}
_CLONE3 = 435
_THREAD = 0x10000
"""The flag of `clone` for a thread."""
_LOAD, _EQUAL, _ABOVE, _BITS, _GIVE = 0x20, 0x15, 0x35, 0x45, 0x06
_REFUSE, _MISSING, _ALLOW = 0x00050001, 0x00050026, 0x7FFF0000


def filter_of(*, processes: bool) -> bytes:
    """A filter, as the kernel reads it.

    Args:
        processes: Whether processes and namespaces may be made. Where not, `clone` is for threads
            alone, and `clone3`, whose flags a filter cannot see, does not exist.

    Raises:
        SandboxError: The numbers of this machine's system calls are not known.
    """
    name = platform.machine()
    if name not in _MACHINES:
        raise SandboxError(f"no filter of system calls for {name}; there is one for {[*_MACHINES]}")
    machine = _MACHINES[name]
    steps = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, machine.arch), (_GIVE, 0, 0, _REFUSE)]
    steps += [(_LOAD, 0, 0, 0), (_ABOVE, 0, 1, 0x40000000), (_GIVE, 0, 0, _REFUSE)]
    refused = (
        machine.keyrings if processes else (*machine.keyrings, *machine.forks, *machine.spaces)
    )
    for number in refused:
        steps += [(_EQUAL, 0, 1, number), (_GIVE, 0, 0, _REFUSE)]
    if not processes:
        steps += [(_EQUAL, 0, 1, _CLONE3), (_GIVE, 0, 0, _MISSING), (_EQUAL, 0, 3, machine.clone)]
        steps += [(_LOAD, 0, 0, 16), (_BITS, 1, 0, _THREAD), (_GIVE, 0, 0, _REFUSE)]
    steps += [(_GIVE, 0, 0, _ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def in_memory(filter_: bytes) -> int:
    """A descriptor from which a filter can be read once; who opened it closes it."""
    descriptor = os.memfd_create("llmops-filter", 0)
    os.write(descriptor, filter_)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
