"""What is asked: from a manifest and a source tree to the question put to the model.

In the order of the flow:

    trees              where source trees come from: git, or an index of packages
    sources            the source tree of a suite, embedded or fetched once
    code               modules as values, in any of the languages
    suites             those that a command line names
    materialize        a case of a function with its texts, verified by hash
    statement          what a commit is about, without what gives the solution away
    edits, edit_words  what leaves nothing to find out: how it is undone, how it is asked for
    changes            a case of a commit or an edit with its texts
    resolving          which file an import means
    prompts            what is shown of a program, the question, and whether it tells enough
    asked              cases of every kind, as what can be put to a model and graded
    questions          what a selection asks, functions from what was asked before
    shards             a selection in parts, one per machine
    choice, selection  which cases the user asked for, and a session attempts
    lookup             the task of a case that a record names
"""
