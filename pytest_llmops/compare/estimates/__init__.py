"""By how much something changed between two runs, and how surely: pure functions of arrays.

effects, ranks, tokens   by what factor answers got longer; truncated ones, too
rates, unseen            how a share of attempts changed, and what no file has shown yet
bootstrap                what a solved attempt costs
passk                    success over several attempts
power                    what a comparison of this size can see
"""
