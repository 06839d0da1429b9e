"""How cases are made and proved.

In the order of the flow:

    parallel                 many jobs at a time, with a progress bar
    reach                    which tests run which functions
    settings                 what of vitest's configuration is not read
    mutants                  wrong bodies that the tests must refuse
    mine, validate           finding cases, and proving them
    outcome                  what mining says when it is done
    curate                   the two commands
"""
