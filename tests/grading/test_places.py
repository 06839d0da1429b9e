"""Where tests are judged, as far as it needs no cluster; that is in test_ray.py."""

import os
import threading

import pytest
from judging import wait_until_one_is_at_work
from without import run_without

from pytest_llmops.errors import PlaceError, SandboxError
from pytest_llmops.places import cores, seats
from pytest_llmops.places.local import LocalPlace
from pytest_llmops.places.where import Where, where
from pytest_llmops.sandbox import TestJob
from pytest_llmops.tasks.sources import SourceTree


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("local", Where()),
        ("local:3", Where(jobs=3)),
        ("ray", Where(ray="")),
        ("ray:10.0.0.7:6379", Where(ray="10.0.0.7:6379")),
    ],
)
def test_a_place_is_named_in_few_words(text, found):
    assert where(text) == found


@pytest.mark.parametrize(
    "text", ["", "cloud", "local:", "local:0", "local:two", "ray:", "ray:host", "ray://host:10001"]
)
def test_what_names_no_place_is_refused_with_what_does(text):
    with pytest.raises(PlaceError, match=r"is none of local, local:N .*, ray .* and ray:HOST:PORT"):
        where(text)


def test_a_place_that_needs_ray_says_which_extra_brings_it(tmp_path):
    code = (
        "from pytest_llmops.errors import LlmopsError\n"
        "from pytest_llmops.places.where import open_place, where\n"
        "try:\n    open_place(where('ray'), 'bwrap')\n"
        "except LlmopsError as error:\n    print(error)\n"
    )
    result = run_without(["ray"], code, tmp_path)
    assert result.stdout == "this needs ray: pip install 'pytest-llmops[ray]'\n", result.stderr


def test_ray_is_not_imported_where_it_is_not_asked_for(tmp_path):
    code = "import pytest_llmops.session.controller, pytest_llmops.cli.cases"
    assert run_without(["ray"], code, tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("told", "count"), [("max 100000\n", 64), ("150000 100000\n", 2), ("50000 100000\n", 1)]
)
def test_a_container_uses_no_more_processors_than_it_may(told, count, tmp_path, monkeypatch):
    (tmp_path / "cpu.max").write_text(told)
    monkeypatch.setattr(cores, "QUOTAS", ((str(tmp_path / "cpu.max"), ""),))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    assert cores.cores() == count


def test_the_older_cgroups_tell_their_quota_in_two_files(tmp_path, monkeypatch):
    for name, text in (("quota", "300000\n"), ("period", "100000\n")):
        (tmp_path / name).write_text(text)
    files = (str(tmp_path / "quota"), str(tmp_path / "period"))
    monkeypatch.setattr(cores, "QUOTAS", (("/nowhere", ""), files))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    assert cores.cores() == 3
    (tmp_path / "quota").write_text("-1\n")
    assert cores.cores() == 64


def test_a_place_that_is_closed_ends_what_it_judges_and_judges_no_more(tmp_path):
    (tmp_path / "a.test.ts").write_text(
        'import { it } from "vitest";\nit("ends", () => { while (true) {} });\n'
    )
    tree = SourceTree(tmp_path.resolve(), "")
    place = LocalPlace(1, "process")
    judge = place.judge(tree)
    failed = []

    def judged():
        try:
            judge.run(TestJob(root=tmp_path, tests=("a.test.ts",), overlay={}, timeout=60.0))
        except SandboxError as error:
            failed.append(str(error))

    thread = threading.Thread(target=judged)
    thread.start()
    wait_until_one_is_at_work(os.getpid())
    place.close()
    thread.join(50)  # the job itself has 60 s
    assert failed == ["this pool was closed while it judged; make a new one"]
    with pytest.raises(SandboxError, match="the session has ended"):
        place.judge(tree)


class Telling:
    """In the place of the module `ray`: a judge whose condition is an error."""

    def __init__(self, text):
        self._text = text

    def get(self, _):
        raise RuntimeError(self._text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "The actor died because of an error raised in its creation task, ray::Remote()\n"
            '  File "default_worker.py", line 1\n    ^^^^^\nModuleNotFoundError: no msgspec\n',
            "ModuleNotFoundError: no msgspec",
        ),
        ("Memory was  23 GB of 24,\nwhich is too much.\n\tSee X.", "Memory was 23 GB of 24, which"),
    ],
)
def test_why_a_judge_does_not_start_is_told_rather_than_where(text, told):
    seat = seats.Seat(None, "", "", set())
    said = seats.Seats(Telling(text), "", "bwrap")._why_not(seat, None)
    assert said.startswith(told)
    assert "File" not in said
