"""How records get to sinks: beside a session, in a process of its own, each exactly once.

destination      what a sink is
ledger           what has been delivered
backlog          records of a run as they come
delivery         records on their way to one sink
process, child   the process that delivers, from inside and from outside
open, sync       the sinks of a session, and of a recorded run
"""
