import pytest

from pytest_llmops.cli.main import main
from pytest_llmops.cli.project import find_project, forget_project

INI = "[{}]\nllmops_suites = my/suites.toml\nllmops_models = my/models.toml\n"
TOML = '[{}]\nllmops_suites = "my/suites.toml"\nllmops_models = "my/models.toml"\n'
FILES = [
    ("pytest.ini", INI.format("pytest")),
    ("tox.ini", INI.format("pytest")),
    ("setup.cfg", INI.format("tool:pytest")),
    ("pyproject.toml", TOML.format("tool.pytest.ini_options")),
    ("pyproject.toml", TOML.format("tool.pytest")),
    ("pytest.toml", TOML.format("pytest")),
]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    forget_project()
    yield tmp_path
    forget_project()


def at(monkeypatch, folder):
    monkeypatch.chdir(folder)
    forget_project()
    return find_project()


@pytest.mark.parametrize(("name", "text"), FILES)
def test_a_command_finds_what_the_configuration_of_pytest_names(name, text, folder, monkeypatch):
    (folder / name).write_text(text)
    found = find_project()
    assert (str(found.suites), str(found.models)) == ("my/suites.toml", "my/models.toml")
    assert str(found.runs) == "runs"
    deep = at(monkeypatch, folder / "deep" / "er")
    assert (deep.suites, deep.runs) == (folder / "my" / "suites.toml", folder / "runs")


@pytest.mark.parametrize(
    ("files", "suites"),
    [
        ({}, "cases/suites.toml"),
        ({"pyproject.toml": "[project]\nname = 'a'\n"}, "cases/suites.toml"),
        ({"pytest.ini": "", "pyproject.toml": FILES[3][1]}, "cases/suites.toml"),
        ({"tox.ini": "[testenv]\n", "setup.cfg": FILES[2][1]}, "my/suites.toml"),
        ({"pytest.ini": "[pytest]\nllmops_other = 1\naddopts = -q\n"}, "cases/suites.toml"),
    ],
)
def test_the_file_that_pytest_takes_decides_and_no_other(files, suites, folder):
    for name, text in files.items():
        (folder / name).write_text(text)
    assert str(find_project().suites) == suites


@pytest.mark.parametrize("present", [range(6), range(1, 6), (1, 2, 3), (1, 2), (2, 4)])
def test_pytest_itself_takes_the_same_file(present, pytester):
    for number in present:
        name, text = FILES[number]
        (pytester.path / name).write_text(text.replace("my/suites", f"from-{name}/suites"))
    forget_project()
    result = pytester.runpytest_subprocess("--collect-only")
    (taken,) = (line.split()[1] for line in result.outlines if line.startswith("configfile:"))
    assert str(find_project().suites) == f"from-{taken}/suites.toml"


def test_sinks_are_words_in_an_ini_file_and_a_list_in_toml(folder):
    (folder / "pytest.ini").write_text("[pytest]\nllmops_sinks = mlflow 'langfuse'\n")
    assert find_project().configured.sinks == ("mlflow", "langfuse")
    (folder / "pytest.ini").unlink()
    (folder / "pytest.toml").write_text('[pytest]\nllmops_sinks = ["mlflow"]\n')
    forget_project()
    assert find_project().configured.sinks == ("mlflow",)


@pytest.mark.parametrize(("name", "text"), [("pytest.ini", "[pytest\n"), ("pyproject.toml", "a =")])
def test_a_broken_file_is_named_in_one_line(name, text, folder, capsys):
    (folder / name).write_text(text)
    assert main(["models"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"llmops: {folder / name}: cannot be read: ")
    assert said.count("\n") == 1


def test_a_command_works_from_a_folder_within_the_project(folder, monkeypatch, capsys):
    (folder / "pytest.ini").write_text(FILES[0][1])
    (folder / "my").mkdir()
    (folder / "my" / "models.toml").write_text('[fast]\nurl = "http://x"\nmodel = "m"\n')
    monkeypatch.chdir(folder / "deep")
    assert main(["models"]) == 0
    assert "fast" in capsys.readouterr().out
