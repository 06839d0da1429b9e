"""Two runs, paired by case: effects with intervals, and the verdict of the gate.

values                      results, as values that travel
comparable, complete, metrics    what of two runs can be compared
paired, pairing             two runs as arrays
estimates                   by how much something changed, and how surely
levels, margins             how errors are shared, and what is let pass
checks, questions, judging  the verdict on each metric
answered, dollars           whose answers they are, and what they cost
gate                        one run against another
sequence                    a gate that stops when it can
planning                    what a gate can see, and what to ask for
baseline, finding, history  the runs that are compared
"""
