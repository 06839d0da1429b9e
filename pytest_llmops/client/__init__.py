"""Chat completions over HTTP, from any OpenAI-compatible endpoint.

In the order of the flow:

    pacing                   how many requests at once, when to try again, when to give up
    tokenizer                counts tokens where a server does not
    faults                   what a server says when it does not answer
    events, usage, endings   a body cut into documents; its counts; why an answer ended
    wire                     an answer, put together from documents
    endpoint                 where to ask and how
    environment              proxies and certificates
    broken, packing          what goes wrong on the way; bodies unpacked
    connections              requests and their responses
    stream                   one response, from its first byte to its last
    serving                  what is served there
    chat                     asking
"""
