"""Tests in Python: pytest in the cage, where nothing that it says is believed by itself.

program      the interpreter and pytest, and what the cage shows of them
runner       what runs there; no module of this package
given        what a process is handed of a source tree
sites        where a test states what it expects
changes      other expectations in their place
pool         processes kept ready, and what their reports are worth
"""
