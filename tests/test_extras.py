"""What the core does without is asked for by name, in one line, wherever it is needed."""

import subprocess
import sys

import pytest

from pytest_llmops.errors import EXTRA_OF, MissingExtraError, naming_extras

HIDE = "import sys\nfor name in {names!r}: sys.modules[name] = None\n"


def run_without(names, code, folder):
    """Run Python in a process in which some packages are not installed."""
    command = [sys.executable, "-c", HIDE.format(names=names) + code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def llmops_without(name, arguments, folder):
    code = f"from pytest_llmops.cli.main import main\nsys.exit(main({arguments!r}))"
    return run_without([name], code, folder)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("numpy", ["gate", "a", "b"]),
        ("scipy", ["calibrate", "a"]),
        ("numpy", ["history"]),
    ],
)
def test_a_command_says_in_one_line_which_extra_it_needs(name, arguments, tmp_path):
    result = llmops_without(name, arguments, tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"llmops: this needs {name}: pip install 'pytest-llmops[gate]'\n"


@pytest.mark.parametrize("name", ["tomlkit", "safetensors"])
def test_fine_tuning_says_in_one_line_which_extra_it_needs(name, tmp_path):
    result = run_without([name], "from finetune.__main__ import main\nsys.exit(main([]))", tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    wanted = f"pip install 'pytest-llmops[{EXTRA_OF[name]}]'"
    assert result.stderr == f"finetune: this needs {name}: {wanted}\n"


def test_the_core_is_imported_without_any_extra(tmp_path):
    code = (
        "import pytest_llmops.plugin, pytest_llmops.session.controller\n"
        "import pytest_llmops.session.worker, pytest_llmops.cli.main\n"
        "import pytest_llmops.grading.grade, pytest_llmops.report.summary\n"
    )
    result = run_without(sorted(EXTRA_OF), code, tmp_path)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_missing_package_of_no_extra_stays_the_fault_it_is():
    with pytest.raises(ModuleNotFoundError, match="no_such_package"), naming_extras():
        import no_such_package  # noqa: F401, PLC0415


def test_a_missing_module_of_an_extra_names_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    wanted = r"this needs scipy: pip install 'pytest-llmops\[gate\]'"
    with pytest.raises(MissingExtraError, match=wanted), naming_extras():
        import scipy.special  # noqa: F401, PLC0415
