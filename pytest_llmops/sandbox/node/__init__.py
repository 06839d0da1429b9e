"""Tests in TypeScript: vitest's runtime in the cage, and what makes its jobs ready outside of it.

installation npm packages of a suite, installed from its lock file
transformer  TypeScript to JavaScript, outside of the sandbox: parsed, never run
packed       packages, compiled for the sandbox to read
program      Node with the judge, and what the cage shows of it
pool         processes kept ready
compiler     what the transformer and the compiler of packages run
runtime      what runs in the cage: `runner.mjs` is its entry, `lockdown.mjs` freezes the
language before candidate code loads, `host.mjs` drives vitest's runtime, and
`modules.mjs` runs the job's files
"""
