"""Where records are shown: Langfuse, MLflow and OpenLLMetry.

In the order of the flow; a session uses `open` alone, `llmops sync` uses `sync`:

    named                    which there are
    withhold, settings       what never leaves, and where the sinks are
    scores, run_scores       what an attempt and a run are worth
    attributes, trace, turns, spans    the one trace of an attempt, as values
    ledger, links            what has been delivered, and where a person finds it
    destination, delivery    what a sink is, and records on their way to it
    otlp, dialects, exact, metrics  the same trace in OpenTelemetry's words, and in each tool's
    acknowledge, public_api  Langfuse's API, and answers without a wait
    langfuse, openllmetry    two sinks
    database, assessments, answers, rest, tracking_file, tracked, registry, mlflow   the third
    asked                    what a sink answers
    probe                    whether a sink is there
    process, child           the process that delivers, from inside and from outside
    open, sync               the sinks of a session, and of a recorded run
"""
