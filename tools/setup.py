"""Make or reuse `.venv`: what `make` runs before anything else.

Needs Python 3.11 or newer and nothing else. The environment is rebuilt when pyproject.toml changes;
otherwise this takes milliseconds. Every failure is one line on stderr and exit status 1.

This file must parse on any Python 3, to say that a Python is too old; newer syntax stays out.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
NEEDED = (3, 11)
DISK = 4 * 2**30
"""Free bytes that the packages need, with room for pip's temporary copies."""
EXTRAS = "local,finetune,report,sinks,dev"


def fail(message):
    """End with one line that says what to do."""
    sys.exit("setup: " + message)


def find_python():
    """This interpreter, or the newest other one on the PATH that is new enough."""
    if sys.version_info >= NEEDED:
        return sys.executable
    for minor in range(20, NEEDED[1] - 1, -1):
        found = shutil.which("python3.%d" % minor)
        if found:
            return found
    fail(
        "Python %d.%d or newer is needed, this is %d.%d (%s); install one, or name it with "
        "`make PYTHON=...`" % (NEEDED + sys.version_info[:2] + (sys.executable,))
    )


def fingerprint():
    """What the environment was made from."""
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        return hashlib.sha256(file.read() + EXTRAS.encode()).hexdigest()


def is_current(stamp, wanted):
    """Whether the environment was made from what is here now, in this place."""
    if not os.path.exists(os.path.join(VENV, "bin", "python")):
        return False
    try:
        with open(stamp) as file:
            return file.read().split("\n") == [wanted, ROOT]
    except OSError:
        return False


def reason(output):
    """The line of pip's output that tells what went wrong."""
    if "No space left on device" in output:
        return "disk full: no space left in %s or the temporary folder" % ROOT
    for sign in (
        "Temporary failure in name resolution",
        "Connection refused",
        "NewConnectionError",
        "ConnectionError",
        "Network is unreachable",
        "ProxyError",
        "ReadTimeoutError",
    ):
        if sign in output:
            return "no network: the package index cannot be reached (%s)" % sign
    lines = [line for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["pip gave no reason"])[0].strip()


def run(command, what):
    """Run one step quietly; its output is only read when it fails."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT)
    except OSError as error:
        fail("%s failed: %s" % (what, error))
    if done.returncode:
        fail("%s failed: %s" % (what, reason(done.stdout.decode(errors="replace"))))


def main():
    """Make the environment where it is missing or out of date."""
    stamp = os.path.join(VENV, "setup-stamp")
    wanted = fingerprint()
    if is_current(stamp, wanted):
        return
    lock = open(os.path.join(ROOT, ".venv.lock"), "w")  # freed when this process ends
    fcntl.flock(lock, fcntl.LOCK_EX)
    if is_current(stamp, wanted):  # another one has made it meanwhile
        return
    python = find_python()
    if shutil.disk_usage(ROOT).free < DISK:
        free = shutil.disk_usage(ROOT).free / 2**30
        fail("disk full: %.1f GiB free in %s, %.0f GiB are needed" % (free, ROOT, DISK / 2**30))
    sys.stderr.write("setup: installing into .venv (about 2 GB, some minutes; once)\n")
    run([python, "-m", "venv", "--clear", VENV], "making .venv")
    pip = [os.path.join(VENV, "bin", "python"), "-m", "pip", "install", "-q", "--no-input"]
    run(pip + ["-e", ".[%s]" % EXTRAS], "installing the packages")
    with open(stamp, "w") as file:
        file.write(wanted + "\n" + ROOT)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("interrupted; run it again")
