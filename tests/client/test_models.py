import pytest

from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.completions import Usage
from pytest_llmops.errors import ModelError
from pytest_llmops.local_models import AdapterModel, LocalModel
from pytest_llmops.models import (
    EndpointModel,
    Prices,
    ReplayedModel,
    load_models,
    resolve,
)
from pytest_llmops.session.models import engine_spec

FILE = """
[base]
weights = "embedded:smollm2-135m-instruct"

[folder]
weights = "weights/mine"

[lora-v1]
base = "base"
adapter = "adapters/lora-v1"

[hosted]
url = "https://api.example.com/v1"
model = "mini-2"
api_key_env = "LLMOPS_TEST_KEY"
prices = { input = 1.0, cached = 0.1, output = 4.0 }
"""


@pytest.fixture
def models(tmp_path):
    path = tmp_path / "models.toml"
    path.write_text(FILE)
    return path


def test_every_form_of_a_table_is_read(models):
    kinds = {name: type(model) for name, model in load_models(models).items()}
    assert kinds == {
        "base": LocalModel,
        "folder": LocalModel,
        "lora-v1": AdapterModel,
        "hosted": EndpointModel,
    }


def test_the_project_s_own_file_names_base(request):
    model, base = resolve("base", request.config.rootpath / "models.toml")
    assert model == base
    assert model.weights == "embedded:smollm2-135m-instruct"


def test_an_adapter_comes_with_its_base(models, tmp_path):
    model, base = resolve("lora-v1", models)
    assert model.adapter == str(tmp_path / "adapters" / "lora-v1")
    assert base.weights == "embedded:smollm2-135m-instruct"


def test_a_folder_is_relative_to_the_file_that_names_it(models, tmp_path):
    assert resolve("folder", models)[0].weights == str(tmp_path / "weights" / "mine")


def test_an_endpoint_needs_no_engine(models):
    model, base = resolve("hosted", models)
    assert (model.model, base) == ("mini-2", None)


def test_an_unknown_name_lists_the_known_ones(models):
    with pytest.raises(
        ModelError, match=r"'bsae' is not in .*known: base, folder, hosted, lora-v1"
    ):
        resolve("bsae", models)


def test_without_a_file_there_are_still_inline_models(tmp_path):
    path = tmp_path / "none.toml"
    assert resolve("hf:ORG/NAME", path)[1].weights == "hf:ORG/NAME"
    assert resolve("replay:runs/x", path) == (
        ReplayedModel(replay="runs/x", name="replay:runs/x"),
        None,
    )
    with pytest.raises(ModelError, match="known: none"):
        resolve("base", path)


def test_an_inline_endpoint_names_model_and_url(tmp_path):
    model, _ = resolve("openai:org/mini@http://127.0.0.1:8000/v1", tmp_path / "none")
    assert (model.model, model.url) == ("org/mini", "http://127.0.0.1:8000/v1")


@pytest.mark.parametrize(
    "name", ["openai:", "openai:mini", "openai:mini@localhost", "openai:@http://x"]
)
def test_a_malformed_inline_endpoint_is_refused(name, tmp_path):
    with pytest.raises(ModelError, match="should read openai:NAME@URL"):
        resolve(name, tmp_path / "none")


def test_an_inline_endpoint_with_a_password_is_refused_without_repeating_it(tmp_path):
    with pytest.raises(ModelError, match="has a user, password or query") as refused:
        resolve("openai:m@https://me:hidden@example.com/v1", tmp_path / "none")
    assert "hidden" not in str(refused.value)


def test_an_inline_endpoint_never_takes_the_key_of_another_provider(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    monkeypatch.delenv("LLMOPS_API_KEY", raising=False)
    assert resolve("openai:m@http://127.0.0.1/v1", tmp_path / "none")[0].api_key() == ""
    monkeypatch.setenv("LLMOPS_API_KEY", "mine")
    assert resolve("openai:m@http://127.0.0.1/v1", tmp_path / "none")[0].api_key() == "mine"


def test_a_missing_file_is_told_where_its_model_is_looked_for(tmp_path):
    with pytest.raises(ModelError, match="known: none; there is no such file, and `llmops init`"):
        resolve("gone", tmp_path / "models.toml")
    (tmp_path / "models.toml").write_text("")
    with pytest.raises(ModelError, match=r"\(known: none\) and is none of"):
        resolve("gone", tmp_path / "models.toml")


def test_a_missing_key_is_named_by_its_variable(models, monkeypatch):
    monkeypatch.delenv("LLMOPS_TEST_KEY", raising=False)
    with pytest.raises(ModelError, match="environment variable LLMOPS_TEST_KEY is not set"):
        resolve("hosted", models)[0].api_key()
    monkeypatch.setenv("LLMOPS_TEST_KEY", "secret")
    model = resolve("hosted", models)[0]
    assert model.api_key() == "secret"
    assert "secret" not in repr(model)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a]\nweights = 1", "\\[a\\]: 'weights' is 1, and should be text; write it in quotes"),
        (
            "[a]\nweights = 'x'\ncolour = 'red'",
            "'colour' is no known key \\(known: weights, engine, ",
        ),
        ("[latest]\nweights = 'x'", r"\[latest\] is what commands call the newest run"),
        ("[a]\nmodel = 'x'", "must have exactly one of weights, adapter, url, replay; has none"),
        ("[a]\nweights = 'x'\nurl = 'http://x'", "has weights, url"),
        ("a = 1", "has none"),
        ("[a]\nurl = 'http://x'", "'model' is missing"),
        ("[a", "not TOML"),
        ("[a]\nweights='w'\nmax_batch=0", "'max_batch' is 0, .* whole number of 1 or more"),
        ("[a]\nurl='http://x'\nmodel='m'\nconcurrency=-1", "'concurrency' is -1, .* of 0 or more"),
        (
            "[a]\nurl='http://x'\nmodel='m'\nprices={input=-1,output=1}",
            "'prices.input' is -1, and should be a number of 0",
        ),
        ("[a]\nurl='http://u:p@x'\nmodel='m'", "has a user, password or query"),
        ("[a]\nurl='http://x/v1?key=k'\nmodel='m'", "has a user, password or query"),
        ("[a]\nurl='127.0.0.1:1/v1'\nmodel='m'", r"\[a\]: the URL is '127.0.0.1:1/v1', and should"),
        (
            "[a]\nurl='http://x/v1/chat/completions/'\nmodel='m'",
            "leave /chat/completions out, which is added: http://x/v1$",
        ),
        (
            "[a]\nurl='http://x/v1'\nmodel='m'\napi_key_env='sk-1234'",
            "'api_key_env' is the name of a variable, as EXAMPLE_KEY, not a key$",
        ),
        ("[a]\nurl='u'\nmodel='m'\nprices={input=1}", "'prices.output' is missing"),
    ],
)
def test_a_broken_file_is_refused_by_table(text, message, tmp_path):
    path = tmp_path / "models.toml"
    path.write_text(text)
    with pytest.raises(ModelError, match=message):
        load_models(path)


def test_an_adapter_on_something_else_than_a_local_model_is_refused(tmp_path):
    path = tmp_path / "models.toml"
    path.write_text("[a]\nbase = 'b'\nadapter = 'x'\n[b]\nurl = 'http://x'\nmodel = 'm'")
    with pytest.raises(ModelError, match=r"\[a\] 'base' is 'b'; not a local model"):
        resolve("a", path)


@pytest.mark.parametrize("name", ["model", "messages"])
def test_what_is_asked_of_whom_is_no_field_to_replace(name):
    where = {"base_url": "http://127.0.0.1/v1", "model": "m"}
    with pytest.raises(ModelError, match=f"extra has {name}, which says what is asked of whom"):
        Endpoint(**where, extra={name: "x"})


@pytest.mark.parametrize("name", ["n", "best_of"])
def test_several_answers_of_one_request_are_refused(name):
    """One of them would be read, and the tokens of all counted."""
    where = {"base_url": "http://127.0.0.1/v1", "model": "m"}
    with pytest.raises(ModelError, match=f"model 'm': extra has {name} = 2; one answer"):
        Endpoint(**where, extra={name: 2})
    assert Endpoint(**where, extra={name: 1}).extra == {name: 1}


@pytest.mark.parametrize(
    ("prices", "dollars"),
    [
        (Prices(input=1.0, cached=0.1, output=4.0), 0.6 + 0.04 + 8.0),
        (Prices(input=1.0, output=4.0), 1.0 + 8.0),
        (Prices(input=0.0, output=0.0), 0.0),
    ],
)
def test_cost_counts_each_kind_of_token_once(prices, dollars):
    usage = Usage(input=1_000_000, cached=400_000, output=2_000_000, reasoning=500_000)
    assert prices.cost(usage) == pytest.approx(dollars)


def test_a_folder_or_a_gguf_file_is_named_by_its_path(models, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text("{}")
    (tmp_path / "small.gguf").touch()
    monkeypatch.chdir(tmp_path)
    for name in ("mine", "./mine", str(tmp_path / "mine")):
        model, base = resolve(name, models)
        assert model == base == LocalModel(weights=str(tmp_path / "mine"), name=name)
    model, _ = resolve("small.gguf", models)
    assert (model.engine, model.weights) == ("llama.cpp", str(tmp_path / "small.gguf"))
    (tmp_path / "base").mkdir()
    assert resolve("base", models)[0].weights.startswith("embedded:")  # the file comes first


@pytest.mark.parametrize("name", ["/no/such", "./no", "empty"])
def test_a_path_that_is_no_model_is_said_so(models, tmp_path, monkeypatch, name):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=f"'{name}' is no folder with a config.json"):
        resolve(name, models)


def test_an_engine_of_other_people_is_named_with_its_program(tmp_path):
    path = tmp_path / "models.toml"
    path.write_text(
        "[big]\nweights = 'hf:ORG/NAME'\nengine = 'vllm'\nprogram = 'env/bin/vllm'\n"
        "engine_args = ['--tensor-parallel-size', '2']\ncontext = 4096\n"
    )
    model, _ = resolve("big", path)
    assert model.program == str(tmp_path / "env" / "bin" / "vllm")
    spec = engine_spec(model, model)
    assert (spec.engine, spec.program, spec.max_context) == ("vllm", model.program, 4096)
    assert spec.engine_args == ("--tensor-parallel-size", "2")
    path.write_text("[big]\nweights = 'x'\nengine = 'ollama'\n")
    with pytest.raises(
        ModelError, match='\'engine\' is "ollama", and should be "llmops" or "vllm" or'
    ):
        resolve("big", path)


@pytest.mark.parametrize(
    ("field", "near"),
    [("temprature", "; did you mean temperature"), ("messages", "left out"), ("zzz", "left out")],
)
def test_a_field_to_omit_that_no_request_has_is_refused_with_the_nearest(field, near, tmp_path):
    path = tmp_path / "models.toml"
    table = '[m]\nurl = "http://127.0.0.1/v1"\nmodel = "m"\nomit = ["top_p", "FIELD"]\n'
    path.write_text(table.replace("FIELD", field))
    with pytest.raises(ModelError, match=f"'omit' has '{field}', which is no .*{near}"):
        load_models(path)
    path.write_text(table.replace("FIELD", "max_completion_tokens"))
    assert load_models(path)["m"].omit == ("top_p", "max_completion_tokens")
