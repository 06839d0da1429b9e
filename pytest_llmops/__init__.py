"""Benchmark code models with pytest: tokens, quality and traces of every case.

The stages of the flow, in order; a stage imports only from those before it, and only `plugin`
knows pytest (`tests/test_layers.py` holds them to it):

    errors, cases, completions   the values that travel
    memory                       what a process held
    scratch                      folders that end with their process
    tasks                        what is asked
    local_models, models         who is asked
    client, engine, generation   how answers are got
    sandbox, grading             what they are worth
    agents                       how a case is attempted, where one answer is not all
    runs, imports, compare       what is kept, and one run against another
    report, sinks                where it is shown
    session                      a benchmark session, from options to records
    observability                the sinks compared with each other
    mining                       how cases are made and proved
    exports                      cases as tasks of other harnesses
    guest                        whether a project wants any of this
    plugin, cli                  pytest, and the `llmops` command
"""

__version__ = "0.1.0"
