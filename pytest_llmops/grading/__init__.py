"""What an answer is worth.

In the order of the flow:

    fences                   the blocks of a Markdown text
    pieces                   what of it may be code
    splice, extract          the code that was asked for, put into its file
    edits, patching          changes of files, and the files after them
    quality                  what can be said of it without running it
    grade                    the verdict
    graded                   what records hold of it
"""
