"""The commands of docs/tutorial.md, word for word, in an empty folder with the wheel alone."""

import re
import socket
import subprocess
import time

import pytest
from wheel_installs import ROOT, Install, build

from pytest_llmops.sandbox.judge.build import judge_folder

PAGE = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
COMMANDS = re.findall(r"^\$ (.+)$", PAGE, re.MULTILINE)
GATES = [(0, "held"), (1, "regressed"), (0, "held"), (1, "regressed")]
"""Exit status and verdict of the sessions with a gate, in the order of the page."""
EXTRAS = ("numpy", "scipy", "jinja2", "plotly", "pyarrow")


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@pytest.fixture
def endpoint(port, tmp_path):
    """The page's endpoint, in the environment of the wheel; gives that environment and a folder."""
    install = Install(tmp_path / "env", build(tmp_path / "dist")[0], "pytest", *EXTRAS)
    folder = tmp_path / "project"
    folder.mkdir()
    script = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
    (folder / "endpoint.py").write_text(script.replace("8099", port))
    command = [install.bin / "python", "endpoint.py"]
    with subprocess.Popen(command, cwd=folder) as process:
        try:
            wait_for(int(port), process)
            yield install, folder
        finally:
            process.kill()


def wait_for(port, process):
    for _ in range(600):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None
        time.sleep(0.1)
    pytest.fail("the endpoint of the page does not listen")


def done(install, folder, command):
    """Run a line as a shell would; programs are those of the environment."""
    line = command.replace("pytest ", "python -P -m pytest ", 1)
    return install.run("python", "-c", SHELL, line, cwd=folder)


SHELL = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1], shell=True).returncode)"


@pytest.mark.slow
def test_the_first_hour_leads_to_held_and_regressed(endpoint, port, tmp_path, monkeypatch):
    install, folder = endpoint
    monkeypatch.setenv("XDG_CACHE_HOME", str(with_judge(tmp_path / "cache")))
    verdicts = []
    assert COMMANDS[0].startswith("pip install")
    for command in COMMANDS[1:]:
        status, told = done(install, folder, command.replace("8099", port))
        if "--gate=" in command:
            verdict = re.search(r"^(held|regressed|undecided): ", told, re.MULTILINE)
            verdicts.append((status, verdict[1] if verdict else told))
        else:
            assert status == 0, f"{command}: {told}"
        if command.startswith("llmops init") and "github" in command:
            assert told.splitlines()[:7] == listed()
    assert verdicts == GATES
    assert (folder / "report.html").stat().st_size > 100_000
    assert (folder / "benchmarks" / "baselines" / "mini.jsonl").is_file()


def with_judge(cache):
    """An empty cache, but for the judge, which would be built anew in it."""
    (cache / "pytest-llmops").mkdir(parents=True)
    (cache / "pytest-llmops" / "judge").symlink_to(judge_folder().parent)
    return cache


def listed():
    """What the page says that `llmops init` prints."""
    block = PAGE.partition("--ci github\n")[2].partition("```")[0]
    return block.splitlines()
