"""Suites from source distributions: found in an index, proved by their hash, unpacked, mined."""

import functools
import gzip
import hashlib
import http.server
import io
import tarfile
import threading

import pytest
from python_tree import SOURCE, TESTS

from pytest_llmops.cases import load_suites
from pytest_llmops.cli.main import main
from pytest_llmops.errors import CaseError, SourceError
from pytest_llmops.tasks.sources import open_source


def packed(files, top="own-1.0"):
    """A source distribution with those files."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(f"{top}/{name}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return gzip.compress(plain.getvalue(), mtime=0)


FILES = {"numbers_lib.py": SOURCE, "test_numbers_lib.py": TESTS, "PKG-INFO": "Name: own\n"}


def from_sdist(folder, data, sha256=""):
    digest = sha256 or hashlib.sha256(data).hexdigest()
    (folder / "own-1.0.tar.gz").write_bytes(data)
    table = '[own]\nlanguage = "python"\nsdist = "own==1.0"\nmanifests = ["own.jsonl"]\n'
    (folder / "suites.toml").write_text(f'{table}sha256 = "{digest}"\n')
    return load_suites(folder / "suites.toml")["own"], str(folder / "own-1.0.tar.gz")


@pytest.fixture
def cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


def test_a_suite_can_be_a_source_distribution_of_the_package_index(tmp_path, cache, capsys):
    _, file = from_sdist(tmp_path, packed(FILES))
    options = ["--suite=own", f"--suites={tmp_path / 'suites.toml'}", f"--source={file}"]
    assert main(["mine", "functions", *options]) == 0
    assert "2 cases" in capsys.readouterr().out
    (tmp_path / "own-1.0.tar.gz").unlink()  # it is in the cache
    assert main(["validate", *options[:2]]) == 0


PAGES = {
    "html": '<a href="../../own-1.0.tar.gz#sha256={}">own-1.0.tar.gz</a>',
    "json": '{{"files": [{{"url": "../../own-1.0.tar.gz", "hashes": {{"sha256": "{}"}}}}]}}',
}


@pytest.fixture
def index(tmp_path, cache):
    """The address of a package index of the files in a folder."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("variable", ["UV_DEFAULT_INDEX", "PIP_INDEX_URL"])
def test_the_index_that_pip_or_uv_uses_is_asked_for_the_file(
    tmp_path, index, page, variable, monkeypatch
):
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.setenv(variable, index)
    suite, _ = from_sdist(tmp_path, packed(FILES))
    (tmp_path / "simple" / "own").mkdir(parents=True)
    told = tmp_path / "simple" / "own" / "index.html"
    told.write_text(PAGES[page].format("0" * 64))
    with pytest.raises(SourceError, match="the package index has no file of own with SHA-256"):
        open_source(suite)
    told.write_text(PAGES[page].format(suite.sha256))
    assert open_source(suite).read("numbers_lib.py").decode() == SOURCE


def test_where_no_index_is_named_it_says_what_to_set(tmp_path, cache, monkeypatch):
    for name in ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    suite, _ = from_sdist(tmp_path, packed(FILES))
    said = "neither UV_DEFAULT_INDEX nor PIP_INDEX_URL names a package index; .*--source or LLMOPS"
    with pytest.raises(SourceError, match=said):
        open_source(suite)


@pytest.mark.parametrize(
    ("data", "sha256", "said"),
    [
        (packed(FILES), "0" * 64, "SHA-256 is .* not the pinned 0000"),
        (b"no archive", "", "not unpacked"),
        (packed(FILES)[:-200], "", "not unpacked"),
        (packed({"../../out.py": "x"}), "", "leaves its folder"),
    ],
    ids=["other", "none", "torn", "outside"],
)
def test_a_file_that_is_not_the_pinned_distribution_leaves_nothing(
    tmp_path, cache, data, sha256, said
):
    suite, file = from_sdist(tmp_path, data, sha256)
    with pytest.raises(SourceError, match=said):
        open_source(suite, source=file)
    assert not list(cache.rglob("*.py"))


def test_a_file_that_cannot_be_fetched_is_named_with_what_to_do(tmp_path, cache):
    suite, _ = from_sdist(tmp_path, packed(FILES))
    with pytest.raises(
        SourceError, match=r"own==1\.0: .*No such file.*--source or LLMOPS_OWN_REPO"
    ):
        open_source(suite, source=str(tmp_path / "absent.tar.gz"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ('sdist = "own"\nsha256 = "' + "0" * 64 + '"', "'sdist' must be NAME==VERSION"),
        ('sdist = "own==1"\nsha256 = "12"', "'sha256' must be 64 hex digits"),
        ('sdist = "own==1"\nfolder = "x"', "needs one of"),
        ('folder = "x"\nwalk = {since = "2026-01-01"}', "commits are cases of TypeScript alone"),
        (
            'folder = "x"\nlanguage = "cobol"',
            '\'language\' is "cobol", and should be "typescript" or "python"',
        ),
    ],
)
def test_a_table_that_names_no_source_in_python_is_refused(tmp_path, fields, said):
    language = "" if "language" in fields else 'language = "python"\n'
    (tmp_path / "suites.toml").write_text(f"[own]\n{language}manifests = []\n{fields}\n")
    with pytest.raises(CaseError, match=said):
        load_suites(tmp_path / "suites.toml")
