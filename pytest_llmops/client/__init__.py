"""Chat completions over HTTP, from any OpenAI-compatible endpoint.

In the order of the flow:

    pacing                   how many requests at once, when to try again, when to give up
    tokenizer                counts tokens where a server does not
    wire                     the protocol: events, answers, errors
    endpoint                 where to ask and how
    connections, chat        asking
"""
