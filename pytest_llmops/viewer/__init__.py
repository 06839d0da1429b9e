"""All runs of a folder, looked at in a browser on this machine.

In the order of the flow:

    shelf                    the runs, counted, with the place of every attempt
    matrix, leaders, series  cases by run; models by rate and dollars; a number over time
    closer                   what runs and attempts hold, read when somebody looks
    references               the solution of a case, where its source is at hand
    pages                    all of it as HTML
    guard, app, serve        who may ask, what is answered, and where
"""
