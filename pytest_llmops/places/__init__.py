"""Where tests are judged: on this machine, or on others.

    cores                    how many processors there are to use
    where                    `--run-on`, parsed
    local                    this machine
    head, link               a Ray cluster, connected to and watched
    travel, remote, baggage  what its machines need, and what runs on them
    seats, hosts, ray_place  who is there, and what they do for a session

A place gives out judges (`sandbox.Judge`), one for each source tree. Whoever has work for them
brings as many threads as the place judges at once; what is computed is computed in the sandbox.
"""
