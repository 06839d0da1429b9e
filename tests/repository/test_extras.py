"""What the core does without is asked for by name, in one line, wherever it is needed."""

import sys
import tomllib
from pathlib import Path

import pytest
import sink_project
from otlp_receiver import Receiver
from sink_project import make_records, write_run
from without import llmops_without, run_without

from pytest_llmops.errors import EXTRA_OF, MissingExtraError, naming_extras

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("numpy", ["gate", "a", "b"]),
        ("scipy", ["calibrate", "a"]),
        ("numpy", ["history"]),
        ("rapidfuzz", ["validate"]),
        ("rapidfuzz", ["mine", "functions", "--suite=starter"]),
    ],
)
def test_a_command_says_in_one_line_which_extra_it_needs(name, arguments, tmp_path):
    result = llmops_without(name, arguments, tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    wanted = f"pip install 'pytest-llmops[{EXTRA_OF[name]}]'"
    assert result.stderr == f"llmops: this needs {name}: {wanted}\n"


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


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("langfuse", "Langfuse(url='http://127.0.0.1:9', public_key='pk', secret_key='sk')"),
        ("mlflow", "Mlflow(uri='http://127.0.0.1:9')"),
        ("openllmetry", "Collector(url='http://127.0.0.1:9')"),
    ],
)
@pytest.mark.parametrize("module", ["opentelemetry", "opentelemetry.exporter.otlp.proto.http"])
def test_a_sink_says_in_one_line_which_extra_it_needs(module, name, settings, tmp_path):
    code = (
        "from pytest_llmops.sinks.settings import Collector, Langfuse, Mlflow\n"
        "from pytest_llmops.sinks.probe import probe\n"
        f"print(*probe([({name!r}, {settings})]))"
    )
    result = run_without([module], code, tmp_path)
    assert result.stdout == f"sink {name} needs: pip install 'pytest-llmops[{name}]'\n"


def test_the_openllmetry_sink_delivers_without_traceloops_sdk(tmp_path):
    folder = write_run(tmp_path, make_records())
    with Receiver() as receiver:
        code = (
            "from sink_project import deliver\nfrom pathlib import Path\n"
            f"sinks = deliver(Path({str(folder)!r}), ['openllmetry'], "
            f"{{'TRACELOOP_BASE_URL': {receiver.url!r}}})\n"
            "print(sinks.delivery.complete)"
        )
        tests = f"sys.path.insert(0, {str(Path(sink_project.__file__).parent)!r})\n"
        result = run_without(["traceloop"], tests + code, tmp_path)
        assert (result.stderr, result.stdout) == ("", "True\n")
        assert {span.name.partition(" ")[0] for span in receiver.spans} >= {"chat"}


def test_an_extra_that_brings_the_local_engine_names_its_torch_as_well():
    """An installer that meets another package's wish for torch first looks for hours."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = {one for one in extras["local"] if one.startswith(("torch", "transformers"))}
    assert len(wanted) == 2
    for name in ("finetune", "dev"):
        assert any("[local]" in one or "finetune" in one for one in extras[name])
        assert wanted <= set(extras[name])
