import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SETUP = Path(__file__).parent.parent / "tools" / "setup.py"
ENDED = "ERROR: No matching distribution found for pytest>=8.4\n"
RETRIED = (
    "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by "
    "'NewConnectionError('<HTTPSConnection object>: Failed to establish a new connection: {}')'"
    ": /simple/pytest/\n"
    "ERROR: Could not find a version that satisfies the requirement pytest>=8.4 "
    "(from versions: none)\n" + ENDED
)
FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"


@pytest.fixture
def project(tmp_path):
    """A folder with a copy of the script, and with what it reads."""
    folder = tmp_path / "here"
    (folder / "tools").mkdir(parents=True)
    shutil.copy(SETUP, folder / "tools" / "setup.py")
    (folder / "pyproject.toml").write_text("[project]\n")
    return folder


def load(folder):
    """The script of a folder as a module; it speaks of the folder it lies in."""
    spec = importlib.util.spec_from_file_location("setup_of_test", folder / "tools" / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stamp_of(folder):
    return folder / ".venv" / "setup-stamp"


def install(folder):
    """Leave what a finished installation leaves."""
    setup = load(folder)
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").touch()
    stamp_of(folder).write_text(setup.fingerprint() + "\n" + setup.ROOT)


def is_current(folder):
    setup = load(folder)
    return setup.is_current(str(stamp_of(folder)), setup.fingerprint())


def find_python(version, path):
    """What `find_python` of an interpreter of some version prints, with these programs around."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import setup\n"
        f"sys.version_info = {version}\n"
        "print(setup.find_python())\n"
    )
    command = [sys.executable, "-B", "-c", code, str(SETUP.parent)]
    environment = {"PATH": str(path)}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def make_program(path):
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)


@pytest.mark.parametrize("version", [(3, 10, 14), (3, 6, 8), (2, 7, 18)])
def test_a_python_too_old_is_one_line_that_says_what_to_do(version, tmp_path):
    result = find_python(version, tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        f"setup: Python 3.11 or newer is needed, this is {version[0]}.{version[1]} "
        f"({sys.executable}); install one, or name it with `make PYTHON=...`\n"
    )


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 1), (4, 0, 0)])
def test_a_python_new_enough_is_taken(version, tmp_path):
    make_program(tmp_path / "python3.13")
    assert find_python(version, tmp_path).stdout == f"{sys.executable}\n"


def test_beside_a_python_too_old_the_newest_other_one_is_taken(tmp_path):
    for name in ("python3", "python3.9", "python3.11", "python3.13"):
        make_program(tmp_path / name)
    assert find_python((3, 9, 1), tmp_path).stdout == f"{tmp_path / 'python3.13'}\n"


def test_a_python_that_is_too_old_as_well_does_not_help(tmp_path):
    for name in ("python3", "python3.10"):
        make_program(tmp_path / name)
    assert find_python((3, 9, 1), tmp_path).returncode == 1


def test_an_old_python_can_read_the_script():
    tree = ast.parse(SETUP.read_text("utf-8"), feature_version=(3, 4))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Match, ast.AsyncFunctionDef)
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, newer)]


def test_the_python_it_needs_is_that_of_the_package():
    needed = load(SETUP.parent.parent).NEEDED
    text = (SETUP.parent.parent / "pyproject.toml").read_text("utf-8")
    assert f'requires-python = ">={needed[0]}.{needed[1]}"' in text


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (
            RETRIED.format("[Errno -3] Temporary failure in name resolution"),
            "no network: the package index cannot be reached "
            "(Temporary failure in name resolution)",
        ),
        (
            RETRIED.format("[Errno -2] Name or service not known"),
            "no network: the package index cannot be reached (NewConnectionError)",
        ),
        (
            RETRIED.format("[Errno 111] Connection refused"),
            "no network: the package index cannot be reached (Connection refused)",
        ),
        (
            "WARNING: Retrying after connection broken by 'ProxyError('Cannot connect to proxy.'"
            ")'\n" + ENDED,
            "no network: the package index cannot be reached (ProxyError)",
        ),
        (FULL, "disk full: no space left in {root} or the temporary folder"),
        (RETRIED + FULL, "disk full: no space left in {root} or the temporary folder"),
        (
            "Looking in indexes: x\nERROR: Could not find a version of torch==9\n" + ENDED,
            "ERROR: Could not find a version of torch==9",
        ),
        ("\n  Killed\nand more\n", "Killed"),
        ("", "pip gave no reason"),
        ("\n \n", "pip gave no reason"),
    ],
)
def test_the_output_of_pip_becomes_one_line(output, line, project):
    assert load(project).reason(output) == line.format(root=project)


def printing(text, status):
    return [sys.executable, "-c", f"print({text!r}); raise SystemExit({status})"]


def test_a_step_that_fails_ends_with_one_line(project):
    with pytest.raises(SystemExit) as ended:
        load(project).run(printing(FULL, 1), "installing the packages")
    assert ended.value.code == (
        "setup: installing the packages failed: "
        f"disk full: no space left in {project} or the temporary folder"
    )


def test_a_step_that_cannot_be_started_ends_with_one_line(project):
    with pytest.raises(SystemExit, match="setup: making .venv failed: .*No such file"):
        load(project).run([str(project / "nothing")], "making .venv")


def test_a_step_that_succeeds_says_nothing(project, capfd):
    load(project).run(printing(FULL, 0), "installing the packages")
    assert capfd.readouterr() == ("", "")


def test_an_environment_made_from_what_is_here_is_kept(project):
    install(project)
    assert is_current(project)
    before = sorted(project.rglob("*"))
    command = [sys.executable, "-B", str(project / "tools" / "setup.py")]
    result = subprocess.run(command, cwd="/", capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert sorted(project.rglob("*")) == before


def change_pyproject(folder):
    (folder / "pyproject.toml").write_text("[project]\ndependencies = []\n")
    return folder


def move(folder):
    return folder.rename(folder.with_name("there"))


def lose_python(folder):
    (folder / ".venv" / "bin" / "python").unlink()
    return folder


def lose_stamp(folder):
    stamp_of(folder).unlink()
    return folder


def tear_stamp(folder):
    os.truncate(stamp_of(folder), 10)
    return folder


@pytest.mark.parametrize("change", [change_pyproject, move, lose_python, lose_stamp, tear_stamp])
def test_an_environment_of_another_time_or_place_is_made_again(change, project):
    install(project)
    assert not is_current(change(project))


def test_where_nothing_was_installed_nothing_is_current(project):
    assert not is_current(project)


def test_a_missing_pyproject_is_one_line(project):
    (project / "pyproject.toml").unlink()
    command = [sys.executable, "-B", str(project / "tools" / "setup.py")]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("setup: [Errno 2] No such file or directory: ")
