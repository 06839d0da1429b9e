"""What `llmops init` writes into a project: a benchmark, its gate, and the opt-in.

In the order of the flow:

    wishes        what the user wants
    changes       a file as it is and as it would be
    optin         the line in the configuration file of pytest
    pipelines     the workflow of GitHub, the job of GitLab
    plan          all of them
"""
