"""Every budget of an attempt, and what stands in an agent's way, from the command line."""

import pytest
from agent_server import AgentServer, done, shell, varying
from chat_server import ChatServer, answer, hang, serving, whole
from sessions import run_session
from test_agents_foreign import FIX
from test_agents_programs import missing

from pytest_llmops.runs.reading import find_run, read_run

TINY = "tiny.py"
PRICES = "{ input = 10.0, output = 10.0 }"
BUDGETS = {
    "turns": "turns = 3",
    "tokens": "tokens = 1500",
    "cost": "cost = 0.02",
    "time": "seconds = 4",
    "silence": "silence = 1.5",
    "memory": "memory = 300",
}
OUTCOMES = {"silence": "hung", "memory": "out of memory"}
HOARD = "node -e 'let all = []; setInterval(() => all.push(Buffer.alloc(5e7, 1)), 50)'"
STEPS = {
    "silence": [shell("ls"), hang],
    "memory": [shell(HOARD)],
    "time": [varying("sleep 1; echo {n}")],
}
NEVER = [varying("echo {n}")]
BARE = [("-p", "no:xdist")]
BOTH = [*BARE, ("-n", "2")]


@pytest.fixture
def project(agent_project, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    return agent_project


def ask(project, server, agents, *arguments, prices=f"prices = {PRICES}\n"):
    """A session with agents.toml and a priced model; gives what pytest said."""
    (project.path / "agents.toml").write_text(agents)
    with serving(server) as (url, _):
        model = f'[m]\nurl = "{url}"\nmodel = "m"\n{prices}'
        (project.path / "models.toml").write_text(model)
        asked = ("benchmarks", "--model=m", "--agent=mine", "-k", "double")
        return run_session(project, *asked, *arguments)


def write_tokenizer(path):
    """A token for each word, as a file of the Hugging Face library."""
    tokenizers = pytest.importorskip("tokenizers", reason="the extra `local` is not installed")
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    made.save(str(path))


def records(project):
    return read_run(find_run("latest", project.path / "runs")).records


def table(kind, budget, **fields):
    more = "".join(f"{name} = {value}\n" for name, value in fields.items())
    return f'[mine]\nkind = "{kind}"\nbudget = {{ {budget} }}\n{more}'


@pytest.mark.parametrize(
    ("kind", "name", "workers"),
    [
        *((TINY, name, workers) for name in BUDGETS for workers in BOTH),
        *(("cline", name, BARE[0]) for name in ("cost", "time", "memory")),
        *(("mini", name, BARE[0]) for name in ("tokens", "time", "memory")),
    ],
    ids=lambda part: part if isinstance(part, str) else "".join(part),
)
def test_a_loop_ends_with_the_budget_that_it_spent(kind, name, workers, project):
    if kind != TINY and (reason := missing(kind)):
        pytest.skip(reason)
    budget = BUDGETS[name]
    if kind != TINY:  # they ask more, and their programs are larger
        budget = budget.replace("1500", "9000").replace("0.02", "0.09").replace("300", "900")
        budget = budget.replace("seconds = 4", "seconds = 15")
    server = AgentServer("pi" if kind == TINY else kind, *STEPS.get(name, NEVER))
    result = ask(project, server, table(kind, budget), *workers)
    assert result.ret == 0
    (record,) = records(project)
    assert (record.outcome.replace("_", " "), record.loop.ending) == (
        OUTCOMES.get(name, "budget"),
        name,
    ), record.loop.detail
    assert [record.usage.input, record.usage.output] == server.counted
    if name == "turns":
        assert len(record.loop.turns) == 3
    if name in {"tokens", "cost"}:  # the turn that spends it is the last
        spent, limit = spent_and_limit(record, name, budget)
        last = record.loop.turns[-1].usage
        one = last.input + last.output if name == "tokens" else 1e-5 * (last.input + last.output)
        assert spent - one < limit <= spent


def spent_and_limit(record, name, budget):
    spent = record.cost if name == "cost" else record.usage.input + record.usage.output
    return spent, float(budget.partition("=")[2])


REFUSALS = {
    "a budget of 0": (
        table(TINY, "turns = 0"),
        ["*[[]mine]: 'budget.turns' is 0, and should be a whole number from 1*"],
    ),
    "no seconds": (
        table(TINY, "seconds = 0.0"),
        ["*[[]mine]: 'budget.seconds' is 0.0, and should be a number above 0*"],
    ),
    "an unknown budget": (
        table(TINY, "turn = 3"),
        ["*[[]mine]: 'budget.turn' is no known key *did you mean turns*"],
    ),
    "no rules file": (
        table(TINY, "turns = 3", rules='"none.md"'),
        ["*[[]mine] rules: *none.md*No such file*"],
    ),
    "no adapter": (table("none.py", "turns = 3"), ["*[[]mine] kind: *none.py*No such file*"]),
    "not installed": (
        table("cline", "turns = 3", version='"0.0.1"'),
        ["*agent mine: cline 0.0.1 is not installed; *pytest_llmops.agents cline==0.0.1*"],
    ),
    "an unknown agent": ("", ["*--agent: 'mine' is not in *agents.toml (known: cline, *"]),
}


@pytest.mark.parametrize("workers", BOTH, ids="".join)
@pytest.mark.parametrize("name", REFUSALS)
def test_what_stands_in_the_way_is_told_before_anything_is_asked(name, workers, project):
    agents, told = REFUSALS[name]
    server = ChatServer(answer(), models=[{"id": "m"}])
    result = ask(project, server, agents, *workers)
    assert (result.ret, server.calls, server.looks) == (4, [], [])
    assert not (project.path / "runs").exists()
    result.stderr.fnmatch_lines(told)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, '"auto" tool choice requires --enable-auto-tool-choice to be set'),
        (400, "registry/gemma does not support tools"),
        (404, "No endpoints found that support tool use"),
        (500, "tools param requires --jinja flag"),
    ],
)
def test_a_model_that_takes_no_tools_is_told_before_a_case_is_asked(status, said, project):
    refusal = whole(status, {"error": {"message": said}})
    server = ChatServer(refusal, models=[{"id": "m"}])
    result = ask(project, server, table(TINY, "turns = 3"))
    assert result.ret == 4
    assert [len(call.body["tools"]) for call in server.calls] == [1]
    result.stderr.fnmatch_lines([f"*mine calls tools, and m at * does not take them: *{said}*"])
    assert not (project.path / "runs").exists()


def test_a_model_that_is_not_there_is_told_by_the_attempts(project):
    server = ChatServer(whole(503, {"error": {"message": "the tool shed is closed"}}), models=[])
    result = ask(project, server, table(TINY, "turns = 3, retries = 1"))
    assert result.ret == 1
    (record,) = records(project)
    assert "the tool shed is closed" in record.error


def test_a_model_without_counts_is_counted_by_its_tokenizer_or_told(project):
    write_tokenizer(project.path / "words.json")
    silent = AgentServer("pi", shell(FIX), done(), counts=False)
    ask(project, silent, table(TINY, "turns = 3"))
    (record,) = records(project)
    assert "name the model's 'tokenizer'" in record.error
    assert record.usage is None
    words = AgentServer("pi", shell(FIX), done(), counts=False)
    ask(project, words, table(TINY, "turns = 3"), prices='tokenizer = "words.json"\n')
    (record,) = records(project)
    assert (record.outcome, record.counted_by, len(record.loop.turns)) == ("solved", "local", 2)
    asked = [one.body["messages"][0]["content"] for one in words.calls]
    assert record.usage.input > sum(len(text.split()) for text in asked)
    assert record.loop.turns[1].usage.output == len(["It", "is", "done."])


def test_a_budget_of_dollars_needs_prices(project):
    server = ChatServer(answer(), models=[{"id": "m"}])
    result = ask(project, server, table(TINY, "cost = 0.5"), prices="")
    assert (result.ret, server.calls) == (4, [])
    result.stderr.fnmatch_lines(["*mine has a budget of 0.5 US dollars, and no prices are known*"])
