"""A key planted in every field of an endpoint's answers, and texts that nobody is to keep."""

import re
import shutil
import sys

import pytest
from chat_server import ChatServer, serving
from otlp_receiver import Receiver
from project import write_benchmark

from pytest_llmops.hiding import hider, least

KEY = "sk-live-9Qx7TfLm2ZrVb4Kp8Ws1Nd6"
CUT = KEY[:20]
TAIL = KEY[-18:]
FORMS = (KEY, KEY.upper(), KEY.lower(), CUT, TAIL)
"""How a server may quote a key: whole, in another case, without its end or its beginning."""
MARK = "rhubarb"
"""A word of the answers that no output may hold with --no-content."""

MODELS = """
[m]
url = "{url}"
model = "m"
api_key_env = "PLANTED_KEY"
"""


def echo(form):
    """Answers with a form of the key in every field, by the number of the request."""

    async def reply(call):
        number = re.findall(r"plus(\d)", call.body["messages"][-1]["content"])[-1]
        if number == "1":
            error = {"message": f"bad key {form}", "code": form, "type": form, "param": form}
            await call.whole(400, {"error": error}, x_key=form, www_authenticate=f"Bearer {form}")
            return
        await call.head(x_key=form, x_request_id=form)
        delta = {"role": form, "content": f"// {MARK} {form}\nreturn value + 2;", "name": form}
        if number == "3":
            delta = {"role": "assistant", "content": None, "refusal": f"{MARK}: {form}"}
        delta["reasoning_content"] = f"{MARK} {form}"
        choice = {"index": 0, "delta": delta, "logprobs": {"content": [{"token": form}]}}
        more = {"id": form, "model": f"m-{form}", "system_fingerprint": form, "object": form}
        await call.event({**more, "choices": [choice]})
        await call.finish()

    return reply


@pytest.fixture
def project(pytester, mined_wide, monkeypatch):
    for name in ("XDG_CACHE_HOME", "HOME"):
        monkeypatch.setenv(name, str(pytester.path / "home"))
    monkeypatch.setenv("PLANTED_KEY", KEY)
    monkeypatch.chdir(pytester.path)
    shutil.copytree(mined_wide / "cases", pytester.path / "cases")
    pytester.makeconftest(
        "import pytest_llmops.sinks.delivery.open as it\nit.FLUSH_SECONDS = 3600.0\n"
    )
    write_benchmark(pytester.path)
    return pytester


def session(project, monkeypatch, form, *options):
    """Run with everything that writes; gives what was printed, and what left over the wire."""
    with (
        Receiver() as langfuse,
        Receiver() as collector,
        serving(ChatServer(echo(form))) as (
            url,
            _,
        ),
    ):
        (project.path / "models.toml").write_text(MODELS.format(url=url))
        monkeypatch.setenv("LANGFUSE_BASE_URL", langfuse.url)
        monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-lf-1")
        monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk-lf-0123456789abcdef")
        monkeypatch.setenv("TRACELOOP_BASE_URL", collector.url)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project.path}/mlflow.db")
        command = ["benchmarks", "--model=m", "-k", "m0 or m1", "--junitxml=out.xml", "-rA", "-v"]
        result = project.runpytest_subprocess(*command, "--sink=all", *options)
        printed = result.stdout.str() + result.stderr.str()
        assert "openllmetry: 6 attempts delivered" in printed
        assert "mlflow: 6 attempts delivered" in printed
        sent = b"".join(langfuse.bodies + collector.bodies).decode("utf-8", "replace")
    told = "import sys; from pytest_llmops.cli.main import main; sys.exit(main(sys.argv[1:]))"
    drawn = project.run(sys.executable, "-c", told, "report", "latest", "--output=out.html")
    assert drawn.ret == 0
    return printed, sent


def written(project):
    """Everything that the session left, beside what the test itself wrote."""
    own = {"models.toml", "test_functions.py"}
    return {
        str(path.relative_to(project.path)): path.read_bytes().decode("utf-8", "replace")
        for path in project.path.rglob("*")
        if path.is_file() and path.name not in own and not {"cases", "__pycache__"} & {*path.parts}
    }


@pytest.mark.slow
def test_a_key_that_an_endpoint_echoes_is_in_no_output(project, monkeypatch):
    printed, sent = session(project, monkeypatch, " ".join(FORMS))
    outputs = {"printed": printed, "sent": sent, **written(project)}
    assert {"out.xml", "out.html", "mlflow.db"} <= outputs.keys()
    assert any(MARK in text for text in outputs.values())
    leaks = {(name, form) for name, text in outputs.items() for form in FORMS if form in text}
    assert leaks == set()


@pytest.mark.slow
def test_without_content_no_output_holds_a_text_of_the_model(project, monkeypatch):
    printed, sent = session(project, monkeypatch, "none", "--no-content")
    outputs = {"printed": printed, "sent": sent, **written(project)}
    assert {name for name, text in outputs.items() if MARK in text} == set()


SECRET = "abcdEFGH12345678ijkl"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"key {SECRET}!", "key *!"),
        (f"key {SECRET.upper()}!", "key *!"),
        (f"key {SECRET[:12]}...", "key *..."),
        (f"...{SECRET[-13:].lower()}", "...*"),
        (f"{SECRET}{SECRET}", "**"),
        (SECRET[:11], SECRET[:11]),
        ("İ" + SECRET, "İ*"),
        ("nothing of it", "nothing of it"),
    ],
)
def test_secrets_are_hidden_whole_in_any_case_and_cut(text, hidden):
    assert hider([SECRET], "*")(text) == hidden


def test_short_secrets_are_left_alone_and_pieces_are_no_words():
    assert hider(["short"], "*")("short") == "short"
    assert least("password-of-mine") == 12
    assert hider(["password-of-mine"], "*")("the password of") == "the password of"
