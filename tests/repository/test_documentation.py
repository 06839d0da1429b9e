"""The pages of docs/: the reference is what the code says, and every page has its place."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_llmops
from pytest_llmops.cli.main import _parser

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def words_of_help(command, capsys):
    """The options that a command lists with --help, as argparse prints them."""
    with pytest.raises(SystemExit):
        _parser().parse_args([*command, "--help"])
    shown = capsys.readouterr().out
    found = re.findall(r"^  (?:-\w[^-]*, )?(--[a-z][\w-]*)", shown, re.MULTILINE)
    return set(found) - {"--help"}


def section(name):
    """The part of docs/cli.md on one command."""
    text = (DOCS / "cli.md").read_text("utf-8")
    return re.search(rf"^### llmops {name}\n(.*?)(?=^### |\Z)", text, re.MULTILINE | re.DOTALL)[1]


def test_the_reference_pages_are_what_the_code_says():
    command = [sys.executable, "tools/reference.py", "--check"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


def test_a_reference_page_that_is_not_current_fails_the_check(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    reference = __import__("reference")
    monkeypatch.setattr(reference, "DOCS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["reference.py"])
    reference.main()
    monkeypatch.setattr(sys, "argv", ["reference.py", "--check"])
    reference.main()
    page = tmp_path / "cli.md"
    page.write_text(page.read_text("utf-8").replace("--samples", "--sample"), "utf-8")
    with pytest.raises(SystemExit, match=r"cli\.md is not current"):
        reference.main()


@pytest.mark.parametrize("name", ["gate", "report", "mine functions", "import", "sync", "init"])
def test_help_of_a_command_lists_the_options_of_its_page(name, capsys):
    written = set(re.findall(r"`(?:-\w [A-Z]+`, `)?(--[a-z][\w-]*)", section(name)))
    assert written == words_of_help(name.split(), capsys)
    assert "|  |" not in section(name), "an option has no text"


def test_every_command_has_its_part_of_the_page():
    named = set(
        re.findall(r"^### llmops (\w+)", (DOCS / "cli.md").read_text("utf-8"), re.MULTILINE)
    )
    assert named == set(re.findall(r"^    (\w+)\b", _parser().format_help(), re.MULTILINE))


def test_every_page_is_in_the_navigation_once():
    index = (DOCS / "index.md").read_text("utf-8")
    blocks = re.findall(r"^```\{toctree\}\n(.*?)^```", index, re.MULTILINE | re.DOTALL)
    placed = re.findall(r"<([\w-]+)>$", "".join(blocks), re.MULTILINE)
    assert sorted(placed) == sorted(page.stem for page in DOCS.glob("*.md") if page.stem != "index")


def test_every_public_name_is_on_the_page_of_the_api():
    page = (DOCS / "api.md").read_text("utf-8")
    shown = set(re.findall(r"auto\w+:: pytest_llmops\.(\w+)", page))
    assert shown == set(pytest_llmops.__all__) - {"__version__"}


@pytest.mark.parametrize("page", ["README.md", "README.ja.md", "CONTRIBUTING.md"])
def test_every_link_of_a_page_outside_of_the_site_leads_somewhere(page):
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (ROOT / target).exists(), target


def skeleton(page):
    """What two languages have alike: headings and lists, links, commands, tables, figures."""
    text = (ROOT / page).read_text("utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return {
        "headings": re.findall(r"^#+(?= )", prose, re.MULTILINE),
        "items": len(re.findall(r"^- ", prose, re.MULTILINE)),
        "rows": [row.count("|") for row in re.findall(r"^\|.*", prose, re.MULTILINE)],
        "links": sorted(re.findall(r"\]\(((?!README)[^)]+)\)", prose)),
        "code": sorted(re.findall(r"`[^`]+`", prose)),
        "commands": [re.sub(r"\s+#.*", "", block).splitlines() for block in blocks],
        "figures": sorted(re.findall(r"\d+(?:\.\d+)+|\d\d+", prose)),  # "two" is a word in one
    }


def test_the_japanese_page_says_what_the_english_one_says():
    english, japanese = skeleton("README.md"), skeleton("README.ja.md")
    for part, expected in english.items():
        assert japanese[part] == expected, part
