"""tools/servers.py: programs named, kept, or made; and one line where none of it can be."""

import shutil
import subprocess
import sys

import pytest
from real_servers import ROOT, programs


@pytest.fixture
def tool(tmp_path, monkeypatch):
    found = programs()
    monkeypatch.setattr(found, "shared_cache", lambda: tmp_path)
    return found


def test_a_named_program_is_taken_as_it_is(tool):
    assert str(tool.program("jaeger", {"LLMOPS_JAEGER": sys.executable})) == sys.executable


def test_a_named_program_that_is_not_there_is_an_error(tool):
    with pytest.raises(tool.ServerError, match="LLMOPS_JAEGER: /no/jaeger is no program"):
        tool.program("jaeger", {"LLMOPS_JAEGER": "/no/jaeger"})


def test_without_go_the_error_says_what_is_missing(tool, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(tool.ServerError, match="made by Go, which is not installed"):
        tool.program("collector", {})


def test_a_kept_program_is_not_made_again_and_belongs_to_its_sources(tool, tmp_path, monkeypatch):
    kept = tool.kept("collector")
    kept.parent.mkdir(parents=True)
    kept.write_text("")
    assert tool.program("collector", {}) == kept
    sources = tmp_path / "sources"
    shutil.copytree(tool.SOURCES, sources)
    monkeypatch.setattr(tool, "SOURCES", sources)
    assert tool.kept("collector") == kept
    (sources / "collector" / "go.mod").write_text("module other\n")
    assert tool.kept("collector") != kept


@pytest.mark.skipif(shutil.which("go") is None, reason="no Go here")
def test_what_go_cannot_make_is_told_in_one_line_and_leaves_nothing(tool, tmp_path, monkeypatch):
    sources = tmp_path / "sources"
    (sources / "collector").mkdir(parents=True)
    (sources / "collector" / "go.mod").write_text("module broken\n\ngo 1.20\n")
    (sources / "collector" / "main.go").write_text("package main\nfunc main() { nothing() }\n")
    monkeypatch.setattr(tool, "SOURCES", sources)
    with pytest.raises(tool.ServerError, match="collector cannot be made: .*nothing"):
        tool.program("collector", {})
    assert not tool.kept("collector").exists()


def test_the_pins_are_those_of_the_containers():
    compose = (ROOT / "docker-compose.yml").read_text("utf-8")
    collector = (ROOT / "tools/servers/collector/go.mod").read_text("utf-8")
    assert "opentelemetry-collector-contrib:0.165.1" in compose
    assert "exporter/prometheusexporter v0.165.1" in collector
    prometheus = (ROOT / "tools/servers/prometheus/go.mod").read_text("utf-8")
    assert "prom/prometheus:v3.13.2" in compose
    assert "github.com/prometheus/prometheus v0.313.2" in prometheus


def test_an_unknown_name_is_refused():
    command = [sys.executable, str(ROOT / "tools/servers.py"), "tempo"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tempo: none of collector, jaeger, prometheus\n"
