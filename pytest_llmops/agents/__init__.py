"""How a case is attempted: one answer, or a loop that ends with one.

An agent is named like a model and part of the identity of a run. It answers a request as a model
does (`generation.keys.Answerer`), so everything around it (cache, xdist, replay, records) takes
loops and single answers alike.

In the order of the flow:

    programs                 each program of others: its version, how it is started and ends
    settings                 agents.toml, and what an agent is for the records
    feedback                 what failing tests say, as a further question
    requests, tape           a request by what it asks; a recorded loop as the model of another
    repair                   sees the failing tests, and tries again
    serving, web, calls, proxy    between a program and its model: every call counted, budgets kept
    workspace                what a program works on, and what it changed
    jail                     the sandbox of a program
    door, jailer, away       the same on another machine, and its way to the proxy
    watch                    an end put to a program that takes too long, or too much
    states                   since which turn its files pass
    ability                  whether a model takes tools
    installed                where programs are, and how they get there
    adapter                  what has to be known of a program
    program                  an attempt made by a program
    attach                   an agent between a session and its model
"""
