import importlib.util
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tools" / "env.py"


def load(path=SCRIPT):
    spec = importlib.util.spec_from_file_location("env_of_test", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ENV = load()
NAMES = [name for _, makers in ENV.SECTIONS for name in makers]


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "a project"
    (folder / "tools").mkdir(parents=True)
    shutil.copy(SCRIPT, folder / "tools" / "env.py")
    return folder


def run(folder):
    command = [sys.executable, "-B", str(folder / "tools" / "env.py")]
    return subprocess.run(command, cwd="/", capture_output=True, text=True)


def values(text):
    pairs = (line.split("=", 1) for line in text.splitlines() if line and line[0] != "#")
    return dict(pairs)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_an_empty_project_gets_every_variable_in_a_file_of_its_owner(project):
    result = run(project)
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == "env: .env holds new secrets, readable by you alone\n"
    assert list(values((project / ".env").read_text())) == NAMES
    assert mode(project / ".env") == 0o600
    assert sorted(path.name for path in project.iterdir()) == [".env", "tools"]


def test_a_second_run_changes_nothing_and_says_nothing(project):
    run(project)
    before = (project / ".env").read_bytes()
    stamp = (project / ".env").stat().st_mtime_ns
    result = run(project)
    assert (result.returncode, result.stderr) == (0, "")
    assert (project / ".env").read_bytes() == before
    assert (project / ".env").stat().st_mtime_ns == stamp


def test_the_layout_is_the_same_every_time_and_no_secret_is():
    first, second = ENV.complete(""), ENV.complete("")
    blank = re.compile("=.*")
    assert blank.sub("", first) == blank.sub("", second)
    one, two = values(first), values(second)
    fixed = {name for name in NAMES if one[name] == two[name]}
    assert fixed == {
        "LANGFUSE_BASE_URL",
        "MLFLOW_TRACKING_URI",
        "TRACELOOP_BASE_URL",
        "LLMOPS_TRACE_URL",
        "LLMOPS_ENVIRONMENT",
    }
    drawn = [value for name, value in one.items() if name not in fixed]
    assert len(set(drawn)) == len(drawn)  # none is used for two things


def test_values_need_no_quotes_anywhere():
    for value in values(ENV.complete("")).values():
        assert re.fullmatch(r"[a-z0-9][a-zA-Z0-9.:/{}_-]*", value)


def test_secrets_are_256_bits_and_the_encryption_key_has_the_form_langfuse_wants():
    found = values(ENV.complete(""))
    secret = [name for name in NAMES if name.endswith(("PASSWORD", "SALT", "SECRET"))]
    for name in [*secret, "LANGFUSE_ENCRYPTION_KEY"]:
        assert re.fullmatch(r"[0-9a-f]{64}", found[name]), name
    assert found["LANGFUSE_PUBLIC_KEY"].startswith("pk-lf-")
    assert found["LANGFUSE_SECRET_KEY"].startswith("sk-lf-")


def test_a_shell_reads_what_was_written(project):
    run(project)
    script = 'set -a; . "$0"; set +a; env'
    command = ["sh", "-c", script, str(project / ".env")]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env={})
    seen = values(result.stdout)
    assert {name: seen[name] for name in NAMES} == values((project / ".env").read_text())


def test_values_that_exist_are_kept_and_missing_ones_added_below():
    mine = "# mine\nLANGFUSE_SALT=kept # why\n\nOTHER='x y'\nexport GRAFANA_PASSWORD=mine"
    text = ENV.complete(mine)
    assert text.startswith(mine + "\n\n# ")
    assert text.count("LANGFUSE_SALT") == text.count("GRAFANA_PASSWORD") == 1
    assert ENV.complete(text) == text
    assert all(re.search(rf"^(export )?{name}=", text, re.MULTILINE) for name in NAMES)


@pytest.mark.parametrize("empty", ["", "  ", "''", '""', " # to be filled in"])
def test_an_empty_value_is_filled_in_at_its_place(empty):
    lines = ENV.complete(f"A=1\nLANGFUSE_SALT={empty}\nB=2\n").splitlines()
    assert lines[0] == "A=1"
    assert re.fullmatch(r"LANGFUSE_SALT=[0-9a-f]{64}", lines[1])
    assert lines[2] == "B=2"


def test_of_two_assignments_the_last_one_counts():
    text = ENV.complete("LANGFUSE_SALT=a\nLANGFUSE_SALT=\n")
    assert re.search(r"^LANGFUSE_SALT=a\nLANGFUSE_SALT=[0-9a-f]{64}$", text, re.MULTILINE)
    kept = "LANGFUSE_SALT=\nLANGFUSE_SALT=b\n"
    assert ENV.complete(kept).startswith(kept)


def test_windows_line_ends_and_odd_lines_survive():
    odd = "LANGFUSE_SALT=kept\r\n= nothing\r\n1A=no name\r\n\x0c\r\n"
    assert ENV.complete(odd).startswith(odd)


def test_a_name_in_a_comment_is_no_value():
    assert re.search(r"^GRAFANA_PASSWORD=\w", ENV.complete("# GRAFANA_PASSWORD=x\n"), re.MULTILINE)


def test_a_file_others_can_read_is_closed(project):
    run(project)
    (project / ".env").chmod(0o644)
    result = run(project)
    assert result.stderr == "env: .env was readable by others and no longer is\n"
    assert mode(project / ".env") == 0o600


def test_a_link_stays_a_link(project, tmp_path):
    (project / ".env").symlink_to(tmp_path / "elsewhere")
    run(project)
    assert (project / ".env").is_symlink()
    assert list(values((tmp_path / "elsewhere").read_text())) == NAMES


@pytest.mark.parametrize("content", [None, b"A=\xff\n"], ids=["a folder", "not text"])
def test_what_cannot_be_read_is_left_alone_and_said_in_one_line(content, project):
    if content is None:
        (project / ".env").mkdir()
    else:
        (project / ".env").write_bytes(content)
    result = run(project)
    assert result.returncode == 1
    assert result.stderr.startswith(f"env: {project / '.env'}: ")
    assert result.stderr.count("\n") == 1
    assert content is None or (project / ".env").read_bytes() == content


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path):
    (tmp_path / "target").mkdir()  # a file cannot take the place of a folder
    with pytest.raises(OSError, match="directory"):
        ENV.write(tmp_path / "target", "A=1\n")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_git_ignores_the_file_with_the_secrets():
    for name in (".env", ".env.x1y2z3"):  # and what is left if a write is killed
        command = ["git", "check-ignore", "-q", name]
        assert subprocess.run(command, cwd=ROOT).returncode == 0, f"add {name} to .gitignore"
    assert subprocess.run(["git", "check-ignore", "-q", ".env.example"], cwd=ROOT).returncode == 1


def test_what_clients_are_told_is_documented_in_the_example():
    example = (ROOT / ".env.example").read_text("utf-8")
    for name in ENV.SECTIONS[0][1]:
        assert re.search(rf"^#? ?{name}=", example, re.MULTILINE), (
            f"{name} is missing in .env.example"
        )


def test_no_example_holds_a_secret():
    example = (ROOT / ".env.example").read_text("utf-8")
    for name in NAMES:
        filled = re.search(rf"^#? ?{name}=(\S+)", example, re.MULTILINE)
        assert not filled or not re.search("KEY|PASSWORD", name), name


def test_the_example_names_every_variable_that_a_sink_reads():
    example = values((ROOT / ".env.example").read_text("utf-8"))
    settings = (ROOT / "pytest_llmops" / "sinks" / "settings.py").read_text("utf-8")
    read = set(re.findall(r'"([A-Z]+_[A-Z_]+)"', settings))
    assert len(read) > 12
    assert sorted(read - example.keys()) == []
