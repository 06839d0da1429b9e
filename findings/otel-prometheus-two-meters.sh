#!/usr/bin/env bash
# opentelemetry-exporter-prometheus 0.66b2: values go under other labels' names where two meters have one instrument.
#
# Instrumentations of several providers make `gen_ai.client.token.usage`, as the conventions ask, and their attributes
# differ: OpenLLMetry's for OpenAI (0.62.4) adds the name of the operation, the one for Anthropic does not. One would
# expect each series to have its own labels, as where one meter records both. The family takes its names from the meter
# that comes first; the values of the next are laid along them in order. So tokens of the second appear with the model
# as provider, "input" as model and the scope's name as token type, and sums by any of them are wrong. Nothing is logged.
# It ends where both record the same keys (an empty string will do); without `scope_info_enabled` the shift is the same.
#
# Needs Python 3.11 or later and about 20 MB for a while.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check \
  opentelemetry-exporter-prometheus==0.66b2 opentelemetry-sdk==1.45.2 opentelemetry-api==1.45.2 prometheus-client==0.26.0
cat > ask.py <<'PY'
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import REGISTRY

OPERATION, PROVIDER, MODEL, TYPE = (
    f"gen_ai.{key}" for key in ("operation.name", "provider.name", "response.model", "token.type")
)


def show(title, *records):
    """Print what Prometheus would scrape of (meter, tokens, attributes)."""
    reader = PrometheusMetricReader(disable_target_info=True)
    provider = MeterProvider(metric_readers=[reader])
    meters = {name: provider.get_meter(name) for name, _, _ in records}
    usage = {name: meter.create_histogram("gen_ai.client.token.usage") for name, meter in meters.items()}
    for name, tokens, attributes in records:
        usage[name].record(tokens, attributes)
    print(title)
    for family in REGISTRY.collect():
        for sample in family.samples:
            if sample.name == "gen_ai_client_token_usage_sum":
                labels = {key.removeprefix("gen_ai_"): value for key, value in sample.labels.items() if value}
                print(sample.value, labels)
    provider.shutdown()


first = {OPERATION: "chat", PROVIDER: "openai", MODEL: "gpt", TYPE: "input"}
second = {PROVIDER: "anthropic", MODEL: "claude", TYPE: "input"}
show("one meter", ("both", 50, first), ("both", 70, second))
show("two meters", ("of-openai", 50, first), ("of-anthropic", 70, second))
show("two meters, the same keys", ("of-openai", 50, first), ("of-anthropic", 70, second | {OPERATION: ""}))
PY
env/bin/python ask.py 2> errors | tee found || { cat errors; exit 1; }
test ! -s errors
diff found - <<'EXPECTED'
one meter
50 {'operation_name': 'chat', 'provider_name': 'openai', 'response_model': 'gpt', 'token_type': 'input', 'otel_scope_name': 'both'}
70 {'provider_name': 'anthropic', 'response_model': 'claude', 'token_type': 'input', 'otel_scope_name': 'both'}
two meters
50 {'operation_name': 'chat', 'provider_name': 'openai', 'response_model': 'gpt', 'token_type': 'input', 'otel_scope_name': 'of-openai'}
70 {'operation_name': 'anthropic', 'provider_name': 'claude', 'response_model': 'input', 'token_type': 'of-anthropic'}
two meters, the same keys
50 {'operation_name': 'chat', 'provider_name': 'openai', 'response_model': 'gpt', 'token_type': 'input', 'otel_scope_name': 'of-openai'}
70 {'provider_name': 'anthropic', 'response_model': 'claude', 'token_type': 'input', 'otel_scope_name': 'of-anthropic'}
EXPECTED
echo "as described"
