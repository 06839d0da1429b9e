"""Where tests are judged: on this machine, or on others.

    cores                             how many processors there are to use
    where                             `--run-on`, parsed
    local                             this machine
    remote, head, seats, ray_place    the machines of a Ray cluster

A place gives out judges (`sandbox.Judge`), one for each source tree. Whoever has work for them
brings as many threads as the place judges at once; what is computed is computed in the sandbox.
"""
