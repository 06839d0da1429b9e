"""What is asked: from a manifest and a source tree to the question put to the model.

In the order of the flow:

    locks                    the npm packages of a suite, as its lock file pins them
    sources                  the source tree of a suite, embedded or fetched once
    syntax, typescript       tree-sitter: what a module declares, and where
    materialize              a case with its texts, verified by hash
    prompt                   the question
    selection                which cases a session attempts
"""
