"""What is asked: from a manifest and a source tree to the question put to the model.

In the order of the flow:

    locks                    the npm packages of a suite, as its lock file pins them
    suites                   those that a command line names
    complaints               what git says of a clone, in one line
    checkout, sdist          the files of a pinned commit, or of a package of the index
    sources                  the source tree of a suite, embedded or fetched once
    modules                  what a module declares, and where, as values
    syntax, typescript       tree-sitter: modules in TypeScript
    python                   the same for Python
    languages                all that differs between the two
    materialize              a case with its texts, verified by hash
    leaves                   code without its looks
    uses, resolving          what a body uses; which file an import means
    trimming, reaching       declarations in short; those that tell what is used
    parts, context, prompt   what is shown of a program, and the question
    posed                    whether that tells enough
    selection                which cases a session attempts
"""
