"""How well written an answer is: figures of it, computed after the verdict and never part of it.

    tools           TypeScript and biome, fetched once from npm by a lock file of our own
    checker         the confined process that formats, lints and type-checks batches of files
    style           how the file around is written: biome's own configuration, or what is seen
    pieces          what of a file is the answer, and what it declares
    values          the figures of one attempt
    measured        how they come about
    consistency     layout, names and quotes, against the file around
    practices       lint diagnostics and errors that the answer alone brings
    patches         what a change does beside what was asked
    rewritten       functions that exist already, in the answer again
    batches         a run's answers measured, in batches
    stored          the figures of a run, in a file beside its records
    totals          means of a run
    beside          those of a run that was read
    changes         two runs compared, for information

`python -m pytest_llmops.quality` fetches the tools ahead of need. Candidate code is data to all of
this: it is parsed, never run.
"""
