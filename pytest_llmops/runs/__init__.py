"""What is kept of a run, and how it is read back.

In the order of the flow:

    machine                  where it happened, with which versions
    identity                 who answered
    record                   one line per attempt, written as it ends
    unanswered               why attempts got no answer
    stored                   its bytes on disk, as JSON lines or compacted
    lines, reading           lines of files; recorded runs, found and read
    compact                  JSON lines as Parquet, and back
    trajectory               a loop in the words of others
"""
