"""How cases are made and proved.

In the order of the flow:

    parallel                 many jobs at a time, and their progress
    reach                    which tests run which functions
    settings                 what of vitest's configuration is not read
    mutants                  wrong bodies that the tests must refuse
    looks, together          references, and functions, judged once for several
    strata                   split and difficulty of a new case
    refused                  what is left out, the reason, and what to do
    measure, prove           what test files do; whether a function is a case
    kept                     results of an interrupted mining
    marks                    tests that manifests mark as flaky
    alike                    cases of two splits or suites that are the same
    mine, validate           finding cases, and proving them
    explain, outcome         what mining makes of one file, and of all
    proof, changes           what is proved of changes; the case of one, and what becomes of it
    commits                  finding commits that are cases
    found_edits, edits       edits that a tree offers; finding those that are cases
    dates                    since when a function is as it is
    repeat, marking          tests that pass at times; cases without them
    curate, curate_changes   the commands that mine
    curate_validate, curate_repeat  the commands that prove
    keeping, asked           manifests brought up to date; what their questions hide
"""
