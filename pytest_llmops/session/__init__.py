"""A benchmark session: one controller, and as many workers as there are.

In the order of the flow:

    answers                  the model, made ready to be asked
    attempt                  one case, asked once and graded
    options                  the command line
    worker                   a process that runs attempts
    controller               the process that starts the model and writes the records
"""
