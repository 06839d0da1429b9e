"""Make or reuse `.venv`: what `make` runs before anything else.

Needs Python 3.11 or newer with venv and ensurepip, and nothing else. The versions are those of
requirements.lock, installer included, so a commit is set up the same way next year. The environment
is rebuilt when pyproject.toml or the lock changes; otherwise this takes milliseconds. A set-up that
was interrupted leaves no stamp: the next one starts over, with what was downloaded already.

Every failure ends with one line on stderr and exit status 1.

This file must parse on any Python 3, to say that a Python is too old; newer syntax stays out.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

import indexes

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
LOCK = os.path.join(ROOT, "requirements.lock")
NEEDED = (3, 11)
DISK = {"linux": 6 * 2**30}.get(sys.platform, 3 * 2**30)
"""Free bytes that the packages need; on Linux, torch's default build brings 4 GB of CUDA."""
EXTRAS = "dev"
NO_NETWORK = (
    "Temporary failure in name resolution",
    "Connection refused",
    "NewConnectionError",
    "ConnectionError",
    "Network is unreachable",
    "ProxyError",
    "ReadTimeoutError",
    "dns error",
    "client error (Connect)",
    "operation timed out",
    "error sending request",
)
"""What pip and uv say where the index cannot be reached."""


def fail(message):
    """End with one line that says what to do."""
    sys.exit("setup: " + message)


def say(line):
    """Tell how far set-up is."""
    sys.stderr.write("setup: %s\n" % line)
    sys.stderr.flush()


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
    digest = hashlib.sha256(EXTRAS.encode())
    for path in (os.path.join(ROOT, "pyproject.toml"), LOCK):
        with open(path, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def is_current(stamp, wanted):
    """Whether the environment was made from what is here now, in this place."""
    if not os.path.exists(os.path.join(VENV, "bin", "python")):
        return False
    try:
        with open(stamp) as file:
            return file.read().split("\n") == [wanted, ROOT]
    except OSError:
        return False


def locked():
    """The lock's entries by package name: for each its lines, hashes included."""
    with open(LOCK) as file:
        text = file.read()
    entries = re.findall(r"^([a-z0-9._-]+)(?:\[.*\])?(==.*(?:\n    .*)*)", text, re.MULTILINE)
    found = {}
    for name, rest in entries:
        found.setdefault(name, []).append(name + rest)
    return found


def reason(output):
    """The line of an installer's output that tells what went wrong."""
    if "No space left on device" in output:
        return "disk full: no space left in %s, the cache or the temporary folder" % ROOT
    for sign in NO_NETWORK:
        if sign in output:
            return "no network: the package index cannot be reached (%s)" % sign
    if "ensurepip is not" in output:
        return (
            "this Python has no ensurepip; on Debian and Ubuntu it is a package of its own: "
            "apt install python3-venv"
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return (errors or lines or ["the installer gave no reason"])[0]


def run(command, what, environment=None):
    """Run one short step quietly; its output is only read when it fails."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT, env=environment
        )
    except OSError as error:
        fail("%s failed: %s" % (what, error))
    if done.returncode:
        fail("%s failed: %s" % (what, reason(done.stdout.decode(errors="replace"))))


def run_visibly(command, what, environment):
    """Run a long step: on a terminal it draws its own progress, elsewhere its lines are passed on.

    Lines that name one installed package each are left out.
    """
    if sys.stderr.isatty():
        status, output = subprocess.run(command, cwd=ROOT, env=environment).returncode, ""
    else:
        kept = []
        pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with subprocess.Popen(command, cwd=ROOT, env=environment, **pipe) as process:
            for line in process.stdout:
                kept.append(line.decode(errors="replace"))
                if not re.match(r" [-+~] ", kept[-1]):
                    say(kept[-1].rstrip("\n"))
        status, output = process.returncode, "".join(kept)
    if not status:
        return
    if shutil.disk_usage(ROOT).free < 2**24:
        output = "No space left on device"
    why = reason(output) if output else "the reason is above"
    fail("%s failed: %s. Run it again: what was downloaded is kept" % (what, why.rstrip(".")))


def install_installer(python):
    """Install the uv of the lock with whatever pip the new environment has, hashes checked."""
    wanted = os.path.join(VENV, "installer.txt")
    with open(wanted, "w") as file:
        file.write("\n".join(locked()["uv"]) + "\n")
    pip = [python, "-m", "pip", "install", "-q", "--no-input", "--no-deps", "--require-hashes"]
    run(pip + ["-r", wanted], "installing the installer")


def install_packages(python):
    """Install this project, editable, and what it needs in the versions of the lock."""
    uv = [os.path.join(VENV, "bin", "uv"), "pip", "install", "--python", python]
    pinned = ["--constraint", LOCK, "--build-constraint", LOCK]
    run_visibly(
        uv + pinned + ["-e", ".[%s]" % EXTRAS],
        "installing the packages",
        indexes.environment(python),
    )


def unlocked(python):
    """Names of installed packages that the lock does not have."""
    code = "import importlib.metadata as m\nfor d in m.distributions(): print(d.name)"
    shown = subprocess.check_output([python, "-I", "-c", code]).decode().split()
    names = set(re.sub("[-_.]+", "-", name).lower() for name in shown)
    return sorted(names - set(locked()) - {"pip", "pytest-llmops"})


def make(stamp, wanted):
    """Make the environment anew, and stamp it as the last thing."""
    started = time.time()
    base = find_python()
    if not os.path.exists(stamp):  # what an interrupted set-up left takes up room
        shutil.rmtree(VENV, ignore_errors=True)
    free = shutil.disk_usage(ROOT).free
    if free < DISK:
        wants = (free / 2**30, ROOT, DISK / 2**30)
        fail("disk full: %.1f GiB free in %s, %.0f GiB are needed" % wants)
    say("installing %d locked packages into .venv (minutes; once)" % len(locked()))
    run([base, "-m", "venv", "--clear", VENV], "making .venv")
    python = os.path.join(VENV, "bin", "python")
    install_installer(python)
    install_packages(python)
    missing = unlocked(python)
    if missing:
        fail("requirements.lock lacks %s: run `make lock`" % ", ".join(missing))
    with open(stamp, "w") as file:
        file.write(wanted + "\n" + ROOT)
    say("done in %.0f s" % (time.time() - started))


def main():
    """Make the environment where it is missing or out of date; one process at a time."""
    stamp = os.path.join(VENV, "setup-stamp")
    wanted = fingerprint()
    if is_current(stamp, wanted):
        return
    with open(os.path.join(ROOT, ".venv.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_current(stamp, wanted):  # or another one has made it meanwhile
            make(stamp, wanted)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("interrupted; run it again")
