"""How a session gets its completions.

asking       the requests of its attempts
answers      where completions come from:
replayed     a recorded run, or
asked        a model, made ready to be asked
identities   where that is, and who it is for the records
attaching    whether it will do for the agent
source       one of the two, as the command line names it
"""
