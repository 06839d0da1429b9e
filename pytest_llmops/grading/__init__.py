"""What an answer is worth.

In the order of the flow:

    fences                   the blocks of a Markdown text
    splice, extract          the code that was asked for, put into its file
    quality                  what can be said of it without running it
    grade                    the verdict
"""
