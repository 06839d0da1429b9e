"""Where records are shown: Langfuse, MLflow and OpenLLMetry.

In the order of the flow; a session uses `delivery.open` alone, `llmops sync` `delivery.sync`:

    named                    which there are
    withhold, settings       what never leaves, and where the sinks are
    scores, run_scores, written    what an attempt and a run are worth
    attributes, trace, turns, spans    the one trace of an attempt, as values
    dialects                 what each tool wants said in its own words
    links                    where a person finds an attempt
    acknowledge, asked       answers without a wait, and what a sink answers
    openllmetry, langfuse, mlflow    the three, each with what it alone needs
    probe                    whether a sink is there
    delivery                 how records get there
"""
