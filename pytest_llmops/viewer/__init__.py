"""All runs of a folder, looked at in a browser on this machine.

In the order of the flow:

    shown, shelf             a run, counted, with the place of every attempt; all of them
    listing, matrix, leaders the list of runs; cases by run; models by rate and dollars
    pages                    these as HTML
    closer, series           what runs and attempts hold, once somebody looks; numbers over time
    references, attempt      the solution of a case, where its source is at hand; one attempt
    reports                  these as HTML
    guard, app, serve        who may ask, what is answered, and where
"""
