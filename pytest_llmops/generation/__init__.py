"""All completions of a session, asked for at once and each awaited by its test.

In the order of the flow:

    cache                    completions kept between sessions
    progress                 how far a session is
    generate                 requests out, completions in
    replay                   the same from a recorded run
    broker                   the same for workers in other processes
"""
