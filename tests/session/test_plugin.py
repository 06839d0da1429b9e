import asyncio
import gc
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from xml.etree import ElementTree

import msgspec
import pytest
from chat_server import ChatServer, answer, hang, whole
from project import ADD, ANSWERS, DOUBLE, EVEN, write_answers, write_benchmark
from sessions import run_session

from pytest_llmops.report.figures import dollars
from pytest_llmops.runs.reading import find_run, read_run
from pytest_llmops.runs.record import Record
from pytest_llmops.seeds import SEED_SCHEME


@pytest.fixture
def project(pytester, mined, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    shutil.copytree(mined / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    write_answers(pytester.path)
    return pytester


@pytest.fixture
def serve():
    """Serve scripts from a thread for as long as the test runs; gives URL and server."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    servers = []

    def start(*scripts):
        server = ChatServer(*scripts, models=[{"id": "m"}])
        servers.append(server)
        return asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(), server

    yield start
    for server in servers:
        asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def run(project, *arguments, model="recorded"):
    return run_session(project, "benchmarks", *([f"--model={model}"] if model else []), *arguments)


def latest(project):
    return read_run(find_run("latest", project.path / "runs"))


def outcomes(project):
    return {(r.case, r.sample): r.outcome for r in latest(project).records}


EXPECTED = {(ADD, 0): "solved", (DOUBLE, 0): "wrong", (EVEN, 0): "empty"}


@pytest.mark.parametrize(
    "workers", [("-n", "0"), ("-n", "2"), ("-n", "4"), ("-p", "no:xdist")], ids="-".join
)
def test_the_result_is_the_same_however_tests_are_spread(workers, project):
    result = run(project, *workers)
    assert result.ret == 0
    result.assert_outcomes()
    result.stdout.re_match_lines([".*(1 solved, 2 unsolved|2 unsolved, 1 solved) in .*"])
    assert outcomes(project) == EXPECTED
    found = latest(project)
    assert found.end.exit_status == 0
    assert (found.run.cases, found.run.suites, found.run.sandbox) == (3, ("mini",), "bwrap")


def test_the_summary_shows_the_run_in_numbers(project):
    result = run(project)
    result.stdout.fnmatch_lines(
        [
            "llmops: model recorded; mini: 3 eval cases",
            "*n*solved*rate*95 %*tokens*p95*per solved*sec*trunc*err*",
            "mini easy*3*1*33.3%*6-79*40*40*120*0.5*0*0",
            "outcomes: 1 solved, 1 wrong, 1 empty",
            "tokens: 300 in (30 cached), 120 out",
            "run: *-recorded-* (*)",
        ]
    )


def test_a_recorded_answer_keeps_prompt_text_and_test_output(project):
    run(project)
    wrong = next(r for r in latest(project).records if r.case == DOUBLE)
    assert wrong.text == ANSWERS[DOUBLE]
    assert "double" in wrong.prompt[-1].content
    assert wrong.grade.tests_passed < wrong.grade.tests_expected
    assert wrong.grade.detail


def test_without_content_no_text_is_recorded_and_hashes_stay(project):
    run(project, "--no-content")
    data = latest(project).path.read_text()
    assert "left + right" not in data
    assert "I do not know" not in data
    assert "Returns twice" not in data
    assert all(len(r.text_sha256) == len(r.prompt_sha256) == 64 for r in latest(project).records)
    assert outcomes(project) == EXPECTED


def test_without_grading_nothing_is_run(project):
    result = run(project, "--no-grade")
    result.stdout.fnmatch_lines(["*3 unsolved in *"])
    assert set(outcomes(project).values()) == {"ungraded"}
    assert latest(project).run.sandbox == "off"


def test_samples_are_attempts_of_their_own(project):
    shutil.rmtree(project.path / "recorded")
    write_answers(project.path, samples=2)
    result = run(project, "--samples=2", "-k", "add or double", "-v")
    result.stdout.fnmatch_lines([f"*test_function?{ADD}@1? SOLVED*"])
    assert outcomes(project) == {
        (ADD, 0): "solved", (ADD, 1): "solved", (DOUBLE, 0): "wrong", (DOUBLE, 1): "wrong",
    }  # fmt: skip


def test_cases_are_selected_as_tests_are(project):
    run(project, "-k", "isEven")
    assert list(outcomes(project)) == [(EVEN, 0)]


def test_collecting_needs_no_model(project):
    result = run(project, "--collect-only", "-q", model=None)
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"benchmarks/test_functions.py::test_function[[]{ADD}@0]"])
    assert not (project.path / "runs").exists()


def test_junit_carries_the_numbers(project):
    run(project, "--junitxml=junit.xml", "-n", "2")
    cases = ElementTree.parse(project.path / "junit.xml").iter("testcase")
    found = {
        case.get("name"): {p.get("name"): p.get("value") for p in case.iter("property")}
        for case in cases
    }
    assert found[f"test_function[{ADD}@0]"]["llmops.outcome"] == "solved"
    assert found[f"test_function[{DOUBLE}@0]"]["llmops.output_tokens"] == "40"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--model=nobody",), "--model: 'nobody' is not in *models.toml (known: recorded)*"),
        (("--model=recorded", "--suite=other"), "*'other' is not in *suites.toml (known: mini)*"),
        (("--model=replay:nothing",), "*nothing: no such run or records file*"),
        (("--model=recorded", "--source=x"), "*--source needs exactly one --suite*"),
        (
            ("--model=recorded", "--samples=0"),
            "*argument --samples*: 0 is not a positive whole number",
        ),
        (
            ("--model=recorded", "--temperature=-1"),
            "*argument --temperature*: '-1' is not a number from 0 to 2",
        ),
    ],
)
@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_mistake_is_a_usage_error_that_says_what_to_do(workers, arguments, message, project):
    result = run(project, *arguments, "-n", workers, model=None)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    text = "\n".join(result.outlines + result.errlines)
    assert "INTERNALERROR" not in text
    result.stderr.fnmatch_lines([f"*{message}"])
    assert not (project.path / "runs").exists()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_without_a_model_benchmarks_are_skipped_with_the_reason_and_other_tests_run(
    workers, project
):
    (project.path / "benchmarks" / "test_other.py").write_text("def test_other(): pass\n")
    (project.path / "cases" / "suites.toml").write_text("no TOML: nobody opens it\n")
    result = run(project, "-rs", "-n", workers, model=None)
    result.assert_outcomes(passed=1, skipped=1)
    reason = "no model is named; run pytest with --model=NAME (`llmops models` lists them)"
    result.stdout.fnmatch_lines([f"llmops: 1 skipped: {reason}", f"SKIPPED*{reason}"])


def test_without_a_model_attempts_named_by_id_are_skipped_too(project):
    result = run_session(project, f"benchmarks/test_functions.py::test_function[{ADD}@0]")
    result.assert_outcomes(skipped=1)


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("model", ["recorded", None])
def test_a_suite_that_no_selected_test_runs_is_a_usage_error(workers, model, project):
    (project.path / "test_other.py").write_text("def test_other(): pass\n")
    arguments = ("test_other.py", "--suite=mini", "-n", workers)
    named = [f"--model={model}"] if model else []
    result = run_session(project, *arguments, *named)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--suite=mini: none of the selected tests takes `attempt`" in result.stderr.str()


def test_a_suite_that_cannot_be_reached_is_left_out_and_named(project):
    with (project.path / "cases" / "suites.toml").open("a") as file:
        file.write(
            f'[far]\nrepository = "file:///nowhere"\ncommit = "{"0" * 40}"\nmanifests = []\n'
        )
    result = run(project)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["llmops: suite far left out: *nowhere*"])
    assert outcomes(project) == EXPECTED
    result = run(project, "--suite=far")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*far*nowhere*"])


def test_a_corrupt_case_fails_alone(project):
    manifest = project.path / "cases" / "mini.jsonl"
    lines = manifest.read_text().splitlines()
    case = msgspec.json.decode(lines[0])
    lines[0] = msgspec.json.encode({**case, "body_sha256": "0" * 64}).decode()
    manifest.write_text("\n".join(lines) + "\n")
    result = run(project)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*CaseError: mini:small#add: the body of 'add'*", "*1 failed, 2 unsolved in*"]
    )
    assert outcomes(project) == {**EXPECTED, (ADD, 0): "error"}
    assert "mine the case again" in next(r for r in latest(project).records if r.case == ADD).error


@pytest.mark.parametrize("workers", ["0", "2"])
def test_an_endpoint_that_refuses_is_an_error_of_the_harness(workers, project, serve):
    url, _ = serve(whole(401, {"error": {"message": "no such key"}}))
    result = run(project, "-n", workers, model=f"openai:m@{url}")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*EndpointError: *no such key*"])
    assert set(outcomes(project).values()) == {"error"}
    assert latest(project).end.exit_status == 1
    text = result.stdout.str()
    assert text.count("no such key") == 3, "failures, numbers and short summary name it once each"
    result.stdout.fnmatch_lines(["FAILED 3 attempts - HTTP 401: no such key*", "*3 failed in*"])
    result.stdout.fnmatch_lines(["first: benchmarks/test_functions.py::test_function[[]mini:*"])


def by_function(**scripts):
    """Script: of each function its own, in whatever order requests come in."""

    async def script(call):
        asked = call.body["messages"][-1]["content"].rpartition("export function ")[2]
        await scripts[asked.partition("(")[0]](call)

    return script


def test_an_interrupted_session_goes_on_where_it_stopped(project, serve):
    url, server = serve(by_function(add=answer("no code"), double=answer("no code"), isEven=hang))
    command = [sys.executable, "-m", "pytest", "benchmarks", f"--model=openai:m@{url}", "-v"]
    process = subprocess.Popen(command, cwd=project.path, stdout=subprocess.PIPE, text=True)
    with process:
        seen = 0
        for line in process.stdout:
            seen += "UNSOLVED" in line
            if seen == 2:
                process.send_signal(signal.SIGKILL)
    interrupted = latest(project)
    assert interrupted.end is None
    assert len(interrupted.records) == 2
    server.play(answer("no code"))
    asked = len(server.calls)
    result = run(project, model=f"openai:m@{url}")
    assert result.ret == 0
    assert len(server.calls) == asked + 1
    assert [r.from_cache for r in latest(project).records].count(True) == 2


def test_the_cache_can_be_passed_over(project, serve):
    url, server = serve(answer("no code"))
    for arguments, calls in (((), 3), ((), 3), (("--no-cache",), 6)):
        run(project, *arguments, model=f"openai:m@{url}")
        assert len(server.calls) == calls


def test_a_cached_answer_costs_what_it_cost_when_it_was_asked(project, serve):
    url, _ = serve(answer("no code"))
    prices = "prices = { input = 1000.0, output = 4000.0 }"
    (project.path / "models.toml").write_text(f'[paid]\nurl = "{url}"\nmodel = "m"\n{prices}\n')
    first = run(project, model="paid")
    costs = [record.cost for record in latest(project).records]
    assert min(costs) > 0
    again = run(project, model="paid")
    assert [record.cost for record in latest(project).records] == costs
    assert "paid before" not in first.stdout.str()
    again.stdout.fnmatch_lines([f"cost: *; {dollars(sum(costs))} of it paid before (cached*"])


def test_a_run_has_the_label_and_the_commit_of_its_project(project, serve):
    for command in ("init -q -b topic", "add pytest.ini", "commit -q -m first"):
        git = ["git", "-c", "user.name=n", "-c", "user.email=n@example.org", *command.split()]
        subprocess.run(git, cwd=project.path, check=True)
    url, _ = serve(answer("no code"))
    result = run(project, "--label=shorter rules", model=f"openai:m@{url}")
    found = latest(project).run
    assert (found.label, found.checkout.branch, found.checkout.dirty) == (
        *("shorter rules", "topic"),
        False,
    )
    told = " ".join(result.stdout.str().split())
    assert f"run: {found.id} (shorter rules, " in told
    assert f", topic@{found.checkout.commit[:7]})" in told


def test_the_cache_never_answers_for_another_model_behind_the_same_address(project, serve):
    url, server = serve(answer("no code"))
    for models, calls in (
        ([{"id": "m", "root": "/models/one"}], 3),
        ([{"id": "m", "root": "/models/two"}], 6),
        ([{"id": "m", "root": "/models/one"}], 6),
        (None, 9),
        (None, 12),
    ):
        server.models = models
        result = run(project, model=f"openai:m@{url}")
        assert len(server.calls) == calls
    result.stdout.fnmatch_lines(["3 answers of the completion cache were asked for again: *"])
    run(project, "--trust-cache", model=f"openai:m@{url}")
    assert len(server.calls) == 12


def test_a_name_that_the_endpoint_does_not_list_is_told_before_it_is_asked(project, serve):
    url, server = serve(answer("no code"))
    server.models = [{"id": "mini-2"}, {"id": "mini-3"}, {"id": "other"}]
    result = run(project, "-n0", model=f"openai:mini2@{url}")
    lines = result.outlines
    told = next(number for number, line in enumerate(lines) if "lists no model" in line)
    assert "lists no model 'mini2' (it lists mini-2, mini-3 and 1 more)" in lines[told]
    assert any("test_functions.py" in line for line in lines[told:])


def test_a_model_that_answers_for_another_is_told_and_kept(project, serve):
    url, _ = serve(answer("no code"))
    result = run(project, model=f"openai:m@{url}")
    result.stdout.fnmatch_lines(["note: asked for m; the answers say they are of served (3)"])
    assert latest(project).end.served == ("served",)


def test_repeats_never_share_an_answer(project, serve):
    url, server = serve(answer("no code"))
    run(project, "--samples=3", "--temperature=1", "-k", "add", model=f"openai:m@{url}")
    assert len({call.body["seed"] for call in server.calls}) == 3


def test_no_two_attempts_are_drawn_with_one_seed_and_a_second_run_repeats_them(project, serve):
    url, server = serve(answer("no code"))
    for _ in range(2):
        run(project, "--samples=2", "--no-cache", "--temperature=1", model=f"openai:m@{url}")
    seeds = [call.body["seed"] for call in server.calls]
    assert len(set(seeds)) == len(seeds) / 2 == 6
    assert latest(project).run.identity.seed_scheme == SEED_SCHEME
    recorded = latest(project)
    assert {recorded.run.identity.seed(r.case, r.sample) for r in recorded.records} == set(seeds)


def test_a_crashed_worker_leaves_a_record(project):
    (project.path / "benchmarks" / "test_functions.py").write_text(
        "import os\ndef test_function(attempt):\n"
        "    if 'double' in attempt.case.id: os._exit(3)\n"
        "    attempt.complete()\n    attempt.grade()\n"
    )
    result = run(project, "-n", "2")
    assert result.ret == 1
    assert outcomes(project) == {**EXPECTED, (DOUBLE, 0): "error"}


def test_an_assertion_of_a_test_keeps_the_record_and_fails_the_test(project):
    (project.path / "benchmarks" / "test_functions.py").write_text(
        "def test_function(attempt):\n    assert attempt.complete().usage.output < 10\n"
    )
    result = run(project)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*3 failed*"])
    assert set(outcomes(project).values()) == {"ungraded"}


def test_two_tests_cannot_attempt_the_same_cases(project):
    source = (project.path / "benchmarks" / "test_functions.py").read_text()
    (project.path / "benchmarks" / "test_more.py").write_text(source)
    result = run(project)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*two selected tests attempt the same case*"])


def test_a_full_disk_stops_the_run_with_the_reason(project):
    command = [sys.executable, "-m", "pytest", "benchmarks", "--model=recorded", "--no-grade"]
    limit = 2048

    def tiny_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    result = subprocess.run(
        command, cwd=project.path, preexec_fn=tiny_files, capture_output=True, text=True
    )
    assert result.returncode == 3
    assert "records.jsonl: cannot be written: File too large" in result.stdout
    assert "INTERNALERROR" not in result.stdout + result.stderr


def test_stopping_at_the_first_failure_does_not_hang(project, serve):
    refusal = whole(400, {"error": {"message": "bad"}})
    url, _ = serve(by_function(add=refusal, double=hang, isEven=hang))
    result = run(project, "-x", "-p", "no:xdist", model=f"openai:m@{url}")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*1 failed in*"])


def test_a_project_without_benchmarks_sees_nothing_of_the_plugin(pytester):
    pytester.makepyfile("def test_one(): pass")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)
    assert "llmops" not in "\n".join(
        line for line in result.outlines if not line.startswith("plugins:")
    )


def test_every_record_decodes_on_its_own(project):
    run(project)
    lines = latest(project).path.read_bytes().splitlines()
    assert [msgspec.json.decode(line, type=Record).case for line in lines[1:-1]] == [
        ADD,
        DOUBLE,
        EVEN,
    ]
    assert os.stat(latest(project).path).st_size < 50_000


def write_test(project, text):
    (project.path / "benchmarks" / "test_functions.py").write_text(text)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_further_parameters_are_refused_and_do_not_hang(workers, project):
    write_test(
        project,
        "import pytest\n@pytest.mark.parametrize('x', [1, 2])\n"
        "def test_function(attempt, x): attempt.complete()\n",
    )
    result = run(project, "-n", workers)
    assert result.ret != 0
    text = "\n".join(result.outlines + result.errlines)
    assert "no other parameters" in text


def test_a_run_that_stopped_early_says_so(project, serve):
    url, _ = serve(whole(400, {"error": {"message": "bad"}}))
    result = run(project, "-x", model=f"openai:m@{url}")
    result.stdout.fnmatch_lines(["incomplete: 1 of 3 attempts"])


def test_a_skipped_attempt_is_missing_and_no_error(project):
    write_test(
        project,
        "import pytest\ndef test_function(attempt):\n"
        "    if 'double' in attempt.case.id: pytest.skip('not now')\n"
        "    attempt.complete()\n    attempt.grade()\n",
    )
    result = run(project)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["incomplete: 2 of 3 attempts"])
    assert set(outcomes(project)) == {(ADD, 0), (EVEN, 0)}


def test_nothing_is_asked_where_no_test_will_run(project, serve):
    url, server = serve(answer("no code"))
    for arguments in (("--setup-only",), ("--fixtures",), ("--collect-only",)):
        run(project, *arguments, model=f"openai:m@{url}")
    (project.path / "benchmarks" / "test_broken.py").write_text("import nothing_of_that_name\n")
    assert run(project, model=f"openai:m@{url}").ret == 2
    assert not server.calls
    assert not (project.path / "runs").exists()


@pytest.mark.parametrize("test", ["def test_one(attempt): assert attempt == 1", "PARAMETRIZED"])
def test_a_fixture_of_the_same_name_is_left_alone(test, pytester):
    own = "import pytest\n@pytest.fixture\ndef attempt(): return 1\n"
    parametrized = "import pytest\n@pytest.mark.parametrize('attempt', [1])\n"
    parametrized += "def test_one(attempt): assert attempt == 1"
    pytester.makepyfile(parametrized if test == "PARAMETRIZED" else own + test)
    run_session(pytester, "-n", "1").assert_outcomes(passed=1)


def test_an_attempt_made_twice_ends_the_run(project):
    result = run(project, "--dist=each", "--tx=2*popen")
    assert result.ret == 3
    assert "attempted twice in a run" in "\n".join(result.outlines + result.errlines)
    assert len(latest(project).records) <= 3


def test_a_worker_that_dies_after_its_answer_keeps_the_tokens(project):
    write_test(
        project,
        "import os\ndef test_function(attempt):\n    attempt.complete()\n"
        "    if 'double' in attempt.case.id: os._exit(3)\n    attempt.grade()\n",
    )
    run(project, "-n", "2")
    lost = next(r for r in latest(project).records if r.case == DOUBLE)
    assert (lost.outcome, lost.usage.output, lost.text) == ("error", 40, ANSWERS[DOUBLE])


def test_an_assertion_inside_the_harness_is_a_fault_of_it(project):
    write_test(
        project,
        "def test_function(attempt):\n    attempt.complete()\n"
        "    attempt._selection = None\n    int('x')\n",
    )
    run(project)
    assert set(outcomes(project).values()) == {"error"}


@pytest.mark.parametrize("url", ["http://user:pw@127.0.0.1:9/v1", "http://127.0.0.1:9/v1?key=pw"])
def test_secrets_in_a_url_are_refused_before_anything_is_recorded(url, project):
    result = run(project, model=f"openai:m@{url}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "pw@" not in "\n".join(result.outlines)
    result.stderr.fnmatch_lines(["*the URL has a user, password or query*"])
    assert not (project.path / "runs").exists()


def test_the_tests_of_a_session_are_left_to_collections_again_after_it(project):
    counts = []

    class Counting:
        @staticmethod
        def pytest_runtest_call():
            counts.append(gc.get_freeze_count())

    before = gc.get_freeze_count()
    project.runpytest_inprocess(
        "benchmarks", "--model=recorded", "-p", "no:xdist", plugins=[Counting()]
    )
    assert len(counts) == len(EXPECTED)
    assert min(counts) > before
    assert gc.get_freeze_count() == before
