import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SETUP = ROOT / "tools" / "setup.py"
ENDED = "ERROR: No matching distribution found for pytest>=8.4\n"
RETRIED = (
    "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by "
    "'NewConnectionError('<HTTPSConnection object>: Failed to establish a new connection: {}')'"
    ": /simple/pytest/\n"
    "ERROR: Could not find a version that satisfies the requirement pytest>=8.4 "
    "(from versions: none)\n" + ENDED
)
LOCK = """\
# A comment.
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:aa \\
    --hash=sha256:ab
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:ba
torch==2.13.0
uv==0.13.9 \\
    --hash=sha256:ca
"""
FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"


@pytest.fixture
def project(tmp_path):
    """A folder with a copy of the script, and with what it reads."""
    folder = tmp_path / "here"
    (folder / "tools").mkdir(parents=True)
    for name in ("setup.py", "indexes.py"):
        shutil.copy(SETUP.with_name(name), folder / "tools" / name)
    (folder / "pyproject.toml").write_text("[project]\n")
    (folder / "requirements.lock").write_text(LOCK)
    return folder


@pytest.fixture(autouse=True)
def tools_are_importable(monkeypatch):
    """As for a script in that folder."""
    monkeypatch.syspath_prepend(str(SETUP.parent))


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


@pytest.mark.parametrize("name", ["setup.py", "indexes.py"])
def test_an_old_python_can_read_the_script(name):
    tree = ast.parse(SETUP.with_name(name).read_text("utf-8"), feature_version=(3, 4))
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
        (FULL, "disk full: no space left in {root}, the cache or the temporary folder"),
        (RETRIED + FULL, "disk full: no space left in {root}, the cache or the temporary folder"),
        (
            "Looking in indexes: x\nERROR: Could not find a version of torch==9\n" + ENDED,
            "ERROR: Could not find a version of torch==9",
        ),
        ("\n  Killed\nand more\n", "Killed"),
        ("", "the installer gave no reason"),
        ("\n \n", "the installer gave no reason"),
        (
            "Resolved 2 packages in 163ms\nerror: Failed to download `six==1.17.0`\n  cause: Hash "
            "mismatch\n",
            "error: Failed to download `six==1.17.0`",
        ),
        (
            "error: Failed to fetch: `six`\n  cause: error sending request for url\n",
            "no network: the package index cannot be reached (error sending request)",
        ),
        (
            "error: Failed to download `six`\n  cause: No space left on device (os error 28)\n",
            "disk full: no space left in {root}, the cache or the temporary folder",
        ),
        (
            "The virtual environment was not created successfully because ensurepip is not\n"
            "available.  On Debian/Ubuntu systems, you need to install the python3-venv\n",
            "this Python has no ensurepip; on Debian and Ubuntu it is a package of its own: "
            "apt install python3-venv",
        ),
    ],
)
def test_the_output_of_an_installer_becomes_one_line(output, line, project):
    assert load(project).reason(output) == line.format(root=project)


def printing(text, status):
    return [sys.executable, "-c", f"print({text!r}); raise SystemExit({status})"]


def test_a_step_that_fails_ends_with_one_line(project):
    with pytest.raises(SystemExit) as ended:
        load(project).run(printing(FULL, 1), "installing the packages")
    assert ended.value.code == (
        "setup: installing the packages failed: "
        f"disk full: no space left in {project}, the cache or the temporary folder"
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


def test_what_an_interrupted_set_up_left_makes_room_before_disk_is_counted(project, monkeypatch):
    left = project / ".venv" / "lib" / "half"
    left.mkdir(parents=True)
    setup = load(project)
    monkeypatch.setattr(setup, "DISK", 2**60)
    with pytest.raises(SystemExit, match="setup: disk full: .* GiB free in "):
        setup.main()
    assert not left.exists()


def test_an_environment_that_works_is_not_lost_to_a_full_disk(project, monkeypatch):
    install(project)
    change_pyproject(project)
    setup = load(project)
    monkeypatch.setattr(setup, "DISK", 2**60)
    with pytest.raises(SystemExit, match="setup: disk full"):
        setup.main()
    assert stamp_of(project).exists()


def change_pyproject(folder):
    (folder / "pyproject.toml").write_text("[project]\ndependencies = []\n")
    return folder


def change_lock(folder):
    (folder / "requirements.lock").write_text(LOCK.replace("0.13.9", "0.13.10"))
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


@pytest.mark.parametrize(
    "change", [change_pyproject, change_lock, move, lose_python, lose_stamp, tear_stamp]
)
def test_an_environment_of_another_time_or_place_is_made_again(change, project):
    install(project)
    assert not is_current(change(project))


def test_where_nothing_was_installed_nothing_is_current(project):
    assert not is_current(project)


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.lock"])
def test_a_missing_file_is_one_line(name, project):
    (project / name).unlink()
    command = [sys.executable, "-B", str(project / "tools" / "setup.py")]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("setup: [Errno 2] No such file or directory: ")


def test_a_long_step_passes_its_lines_on_but_for_those_of_single_packages(project, capfd):
    shown = "Resolved 2 packages\n + six==1.17.0\n - six==1.16.0\nInstalled 2 packages"
    load(project).run_visibly(printing(shown, 0), "installing the packages", os.environ)
    assert capfd.readouterr().err == "setup: Resolved 2 packages\nsetup: Installed 2 packages\n"


def test_a_long_step_that_fails_says_why_and_that_nothing_is_lost(project, capfd):
    with pytest.raises(SystemExit) as ended:
        load(project).run_visibly(
            printing("error: no such package", 2), "installing the packages", os.environ
        )
    assert ended.value.code == (
        "setup: installing the packages failed: error: no such package. "
        "Run it again: what was downloaded is kept"
    )


def test_the_lock_is_read_with_hashes_and_all_lines_of_a_package(project):
    locked = load(project).locked()
    assert set(locked) == {"numpy", "torch", "uv"}
    assert [entry.count("--hash") for entry in locked["numpy"]] == [2, 1]
    assert locked["uv"] == ["uv==0.13.9 \\\n    --hash=sha256:ca"]
    assert locked["torch"] == ["torch==2.13.0"]


def test_settings_of_pip_come_from_its_files_and_stronger_from_its_variables():
    indexes = importlib.import_module("indexes")
    shown = "global.index-url='https://a/simple'\nglobal.cert='/a.pem'\n:env:.cert='/b.pem'\n"
    assert indexes.settings(shown) == {"index-url": "https://a/simple", "cert": "/b.pem"}


def test_settings_of_pip_are_told_to_uv(tmp_path):
    indexes = importlib.import_module("indexes")
    told = indexes.translated(
        {
            "index-url": "https://a/simple",
            "extra-index-url": "\nhttps://b/simple\nhttps://c/simple",
            "find-links": f"{tmp_path} /not/there https://d/wheels",
            "trusted-host": "a",
            "timeout": "180",
            "no-cache-dir": "true",
        }
    )
    assert told == {
        "UV_DEFAULT_INDEX": "https://a/simple",
        "UV_INDEX": "https://b/simple https://c/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": f"{tmp_path},https://d/wheels",
        "UV_INSECURE_HOST": "a",
        "UV_HTTP_TIMEOUT": "180",
    }


def test_what_uv_itself_is_told_wins(monkeypatch):
    indexes = importlib.import_module("indexes")
    monkeypatch.setenv("PIP_INDEX_URL", "https://a/simple")
    assert indexes.environment(sys.executable)["UV_DEFAULT_INDEX"] == "https://a/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://b/simple")
    assert indexes.environment(sys.executable)["UV_DEFAULT_INDEX"] == "https://b/simple"


def direct():
    """Every requirement that pyproject.toml names, but for extras of its own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = chain(project["dependencies"], *project["optional-dependencies"].values())
    return [Requirement(text) for text in named if not text.startswith("pytest-llmops")]


@pytest.mark.parametrize("wanted", direct(), ids=str)
def test_the_lock_has_a_version_that_fits_of_everything_named(wanted):
    entries = load(ROOT).locked()[canonicalize_name(wanted.name)]
    versions = [re.search("==([^ ;]+)", entry)[1] for entry in entries]
    assert all(wanted.specifier.contains(version, prereleases=True) for version in versions)


def test_every_locked_package_but_torch_is_proved_by_hashes():
    locked = load(ROOT).locked()
    assert {name for name in locked if "--hash=sha256:" not in locked[name][0]} == {"torch"}
    assert "://" not in (ROOT / "requirements.lock").read_text("utf-8")


def test_what_set_up_installs_is_all_extras():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    reached, waiting = set(), [load(ROOT).EXTRAS]
    while waiting:
        extra = waiting.pop()
        reached.add(extra)
        for text in extras[extra]:
            if text.startswith("pytest-llmops["):
                waiting += Requirement(text).extras
    assert reached == set(extras)
