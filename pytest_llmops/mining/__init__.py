"""How cases are made and proved.

In the order of the flow:

    parallel                 many jobs at a time, with a progress bar
    reach                    which tests run which functions
    mutants                  wrong bodies that the tests must refuse
    mine, validate           finding cases, and proving them
    curate                   the two commands
"""
