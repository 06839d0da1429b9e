"""What each family of endpoints reports, by example, and what is made of it.

Each example has the names and sums that the table in docs/models.md gives for its family.
"""

import re
from pathlib import Path

import pytest

from pytest_llmops.client.usage import last_usage, usage_of
from pytest_llmops.completions import Usage
from pytest_llmops.errors import EndpointError
from pytest_llmops.models import Prices

PLAIN = {"prompt_tokens": 100, "completion_tokens": 70, "total_tokens": 170}
COUNTED = Usage(input=100, output=70)
HIDDEN = Usage(input=100, output=970, reasoning=900)
CACHED = Usage(input=100, output=70, cached=64)
WRITTEN = Usage(input=1000, output=70, cached=600, cache_write=300)


def inside(reasoning):
    return {"completion_tokens_details": {"reasoning_tokens": reasoning}}


def read(cached, **more):
    return {"prompt_tokens_details": {"cached_tokens": cached, **more}}


WHOLE = {"prompt_tokens": 1000, "completion_tokens": 70, "total_tokens": 1070}
THOUGHT = {"prompt_tokens": 100, "completion_tokens": 970, "total_tokens": 1070}
APART = {"prompt_tokens": 100, "completion_tokens": 70, "total_tokens": 1070}

FAMILIES = {
    "OpenAI": ({**THOUGHT, **inside(900), **read(0, audio_tokens=0)}, HIDDEN, "server"),
    "Azure OpenAI": ({**PLAIN, **read(64), **inside(0)}, CACHED, "server"),
    "Anthropic, OpenAI-compatible": (
        {**PLAIN, "prompt_tokens_details": None, "completion_tokens_details": None},
        COUNTED, "server",
    ),
    "Anthropic's own names": (
        {"input_tokens": 100, "cache_read_input_tokens": 600, "cache_creation_input_tokens": 300,
         "output_tokens": 70},
        WRITTEN, "server",
    ),
    "Anthropic's own names, all of the prompt cached": (
        {"input_tokens": 0, "cache_read_input_tokens": 600, "output_tokens": 70},
        Usage(input=600, output=70, cached=600), "server",
    ),
    "Gemini, OpenAI-compatible": (APART, HIDDEN, "total"),
    "Vertex AI, OpenAI-compatible": ({**APART, **inside(900)}, HIDDEN, "total"),
    "xAI": ({**APART, **inside(900), **read(0)}, HIDDEN, "total"),
    "Mistral": ({**PLAIN, "num_cached_tokens": 64}, CACHED, "server"),
    "DeepSeek": (
        {**PLAIN, "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36, **inside(0)},
        CACHED, "server",
    ),
    "OpenRouter": ({**WHOLE, **read(600, cache_write_tokens=300), "cost": 0.95}, WRITTEN, "server"),
    "Groq": ({**PLAIN, **read(64), "queue_time": 0.1, "total_time": 0.4}, CACHED, "server"),
    "Together": ({**PLAIN, "cached_tokens": 64}, CACHED, "server"),
    "Fireworks": ({**PLAIN, **read(64)}, CACHED, "server"),
    "Moonshot": ({**PLAIN, "cached_tokens": 64}, CACHED, "server"),
    "Z.ai": ({**PLAIN, **read(64)}, CACHED, "server"),
    "Qwen, DashScope": ({**THOUGHT, **inside(900)}, HIDDEN, "server"),
    "vLLM": ({**PLAIN, "prompt_tokens_details": None}, COUNTED, "server"),
    "SGLang": ({**THOUGHT, "reasoning_tokens": 900, **read(0)}, HIDDEN, "server"),
    "llama.cpp": ({**PLAIN, **read(64)}, CACHED, "server"),
    "Ollama": (PLAIN, COUNTED, "server"),
    "LM Studio": ({**THOUGHT, **inside(900)}, HIDDEN, "server"),
    "TGI": (PLAIN, COUNTED, "server"),
    "LiteLLM": (
        {**WHOLE, **read(600, cache_creation_tokens=300), "cache_read_input_tokens": 600,
         "cache_creation_input_tokens": 300},
        WRITTEN, "server",
    ),
    "LiteLLM, cache beside the prompt": (
        {"prompt_tokens": 31, "completion_tokens": 467, "total_tokens": 498, **read(0),
         "cache_creation_input_tokens": 1253, "cache_read_input_tokens": 0},
        Usage(input=1284, output=467, cache_write=1253), "server",
    ),
    "OpenAI's Responses names": (
        {"input_tokens": 100, "output_tokens": 970, "total_tokens": 1070,
         "input_tokens_details": {"cached_tokens": 64},
         "output_tokens_details": {"reasoning_tokens": 900}},
        Usage(input=100, output=970, cached=64, reasoning=900), "server",
    ),
    "Anthropic's own names, writes by lifetime": (
        {"input_tokens": 100, "cache_read_input_tokens": 600, "cache_creation_input_tokens": 300,
         "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
         "server_tool_use": {"web_search_requests": 0}, "output_tokens": 70},
        WRITTEN, "server",
    ),
    "Cerebras": ({**THOUGHT, **inside(900), **read(0)}, HIDDEN, "server"),
    "SambaNova": (
        {**PLAIN, "acceptance_rate": 3.1, "time_to_first_token": 0.2, "is_last_response": True},
        COUNTED, "server",
    ),
    "Cohere, OpenAI-compatible": (PLAIN, COUNTED, "server"),
    "MiniMax": ({**THOUGHT, **inside(900), "total_characters": 0}, HIDDEN, "server"),
    "Perplexity, deep research": (
        {"prompt_tokens": 108, "completion_tokens": 3256, "total_tokens": 3364,
         "citation_tokens": 7299, "num_search_queries": 74, "reasoning_tokens": 73_248},
        "73,248 reasoning tokens in an output of 3,256", "",
    ),
    "Native names of Gemini, Bedrock Converse and Ollama": (
        {"promptTokenCount": 100, "candidatesTokenCount": 70, "thoughtsTokenCount": 900,
         "toolUsePromptTokenCount": 7, "totalTokenCount": 1077, "inputTokens": 100,
         "outputTokens": 70, "totalTokens": 170, "prompt_eval_count": 100, "eval_count": 70},
        None, "",
    ),
    "Bedrock Access Gateway": ({**PLAIN, **read(64)}, CACHED, "server"),
    "transformers serve": (PLAIN, COUNTED, "server"),
    "the engine of this project": (PLAIN, COUNTED, "server"),
}  # fmt: skip


@pytest.mark.parametrize(("said", "usage", "by"), FAMILIES.values(), ids=FAMILIES)
def test_what_each_family_of_endpoints_counts_becomes_one_set_of_counts(said, usage, by):
    if isinstance(usage, str):
        with pytest.raises(EndpointError, match=usage):
            usage_of(said, wrote=True)
    else:
        assert usage_of(said, wrote=True) == (usage and (usage, by))


def test_the_table_in_the_documents_names_every_family_that_is_tested():
    text = Path(__file__).parents[2].joinpath("docs", "models.md").read_text("utf-8")
    table = text.partition("| Endpoint |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| ([^|]+?) \|", table, re.MULTILINE)
    assert [name for name in named if not name.startswith(":-") and name != "---"] == [*FAMILIES]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"total_tokens": 170},
        {"prompt_tokens": 100},
        {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        {"prompt_tokens": None, "completion_tokens": None},
        {"prompt_tokens": 100, "completion_tokens": 0, "total_tokens": 100},
        {"prompt_tokens": 0, "completion_tokens": 70},
    ],
)
def test_zeros_and_nulls_where_there_was_something_are_no_counts(said):
    assert usage_of(said, wrote=True) is None


def test_an_empty_answer_may_have_no_tokens():
    found = usage_of({"prompt_tokens": 100, "completion_tokens": 0}, wrote=False)
    assert found.usage == Usage(input=100, output=0)


@pytest.mark.parametrize("said", [100.0, "100", 100])
def test_a_whole_number_is_read_however_it_is_written(said):
    found = usage_of({"prompt_tokens": said, "completion_tokens": said}, wrote=True)
    assert found.usage == Usage(input=100, output=100)


@pytest.mark.parametrize(
    "said", [-1, 1.5, True, "many", "-3", 10**30, 1e30, float("nan"), float("inf"), [7], "9" * 5000]
)
@pytest.mark.parametrize(
    "name",
    ["prompt_tokens", "completion_tokens", "total_tokens", "prompt_cache_hit_tokens",
     "cache_creation_input_tokens", "reasoning_tokens"],
)  # fmt: skip
def test_what_is_no_number_of_tokens_is_refused_by_name(said, name):
    with pytest.raises(
        EndpointError, match=f"'usage' has {name} = .*no number of tokens"
    ) as caught:
        usage_of({**PLAIN, name: said}, wrote=True)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("details", [None, [], 7, "x", {"cached_tokens": None}])
def test_details_that_are_none_say_nothing(details):
    said = {**PLAIN, "prompt_tokens_details": details, "completion_tokens_details": details}
    assert usage_of(said, wrote=True).usage == COUNTED


STARTED = {"input_tokens": 100, "cache_read_input_tokens": 600, "output_tokens": 1}
BOTH = Usage(input=700, output=70, cached=600)


@pytest.mark.parametrize(
    ("reports", "usage"),
    [
        ([STARTED, {"output_tokens": 70}], BOTH),
        ([STARTED, {"output_tokens": 40}, {"output_tokens": 70}], BOTH),
        ([STARTED, {"input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 70}], BOTH),
        ([{**STARTED, "total_tokens": 701}, {"input_tokens": None, "output_tokens": 70}], BOTH),
        ([{"prompt_tokens": 100, "completion_tokens": 1}, {"output_tokens": 70}], COUNTED),
        ([PLAIN, {"prompt_tokens": 0, "completion_tokens": 0}], COUNTED),
        ([{**PLAIN, "completion_tokens": 3, "total_tokens": 103}, PLAIN], COUNTED),
        ([PLAIN, {"prompt_tokens": 100}], COUNTED),
    ],
)
def test_several_reports_of_one_answer_add_up_to_its_last_counts(reports, usage):
    assert last_usage(reports, wrote=True).usage == usage


def test_an_output_that_only_the_total_tells_is_no_reasoning():
    found = usage_of({"prompt_tokens": 100, "total_tokens": 170}, wrote=True)
    assert found == (COUNTED, "total")


def test_an_output_without_a_prompt_is_no_count():
    assert last_usage([{"output_tokens": 70}], wrote=True) is None


@pytest.mark.parametrize("total", [{}, {"total_tokens": 170}, {"total_tokens": 50}])
def test_reasoning_that_no_sum_holds_is_refused_by_name(total):
    said = {"prompt_tokens": 100, "completion_tokens": 70, **total, **inside(1900)}
    with pytest.raises(EndpointError, match="1,900 reasoning tokens in an output of 70"):
        usage_of(said, wrote=True)


def test_cached_tokens_beside_the_prompt_are_added_to_it_and_cost_what_they_cost():
    said = {"prompt_tokens": 3, "completion_tokens": 70, "total_tokens": 73, **read(73_030)}
    usage = usage_of(said, wrote=True).usage
    assert usage == Usage(input=73_033, output=70, cached=73_030)
    cost = Prices(input=1.0, cached=0.1, output=10.0).cost(usage)
    assert cost == pytest.approx((3 + 7303 + 700) / 1e6)


def test_cached_tokens_that_the_total_holds_beside_the_prompt_are_added_too():
    said = {"prompt_tokens": 500, "completion_tokens": 70, "total_tokens": 870, **read(300)}
    assert usage_of(said, wrote=True).usage == Usage(input=800, output=70, cached=300)


def test_every_kind_of_token_has_its_price():
    prices = Prices(input=1.0, cached=0.1, cache_write=1.25, output=10.0)
    assert prices.cost(WRITTEN) == pytest.approx((100 + 60 + 375 + 700) / 1e6)
    assert Prices(input=1.0, output=10.0).cost(WRITTEN) == pytest.approx((1000 + 700) / 1e6)


def test_no_part_is_more_than_its_whole():
    for usage in (Usage(input=3, output=70, cached=73_030), Usage(input=9, output=1, reasoning=5)):
        assert usage.fresh >= 0
        assert usage.shown >= 0
