"""Tests in TypeScript judged by the vitest that their own repository pins.

managers     npm, pnpm and bun, which install a lock file
installation what they install, once
program      Node with that vitest, and what the cage shows of it
runner       what runs there: `session` drives vitest, `confined` what it forks, `wire` is the
channel, and `built` leads workspaces that nobody has built to their sources
given        what a process is handed of a source tree
stated       where a test states what it expects, and other expectations there
pool         processes kept ready, and what their reports are worth
"""
