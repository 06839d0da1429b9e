"""A benchmark session: one controller, and as many workers as there are.

In the order of the flow:

    models                   what models.toml says of the model; nothing is loaded
    agents                   what attempts the cases
    attempt, made            one case, asked once and graded, and its record
    graders, bench           answers graded as they arrive, and where
    gating                   the gate
    configured               the settings of pytest's configuration file
    numbers, declared, names, choosing, options    the command line
    faults                   attempts without an answer, as pytest shows them at the end
    items                    tests of pytest, as far as a session looks into them
    surrounding, making, keeping    attempts made for tests, and records of their reports
    worker                   a process that runs attempts
    packages                 npm packages that cases need, or why there are none
    recording                the records of the run in progress, and the sinks
    rounds                   attempts held back while a sequential gate is undecided
    controller               the process that starts the model and asks everything
    opening                  the command line made a controller or a worker

What a run needs is loaded when one begins (`running`): among it `answering`, a room of its own.
"""
