"""A gate that asks no more than it must.

plan         in which order it asks, and when it looks
boundary     bounds that stay true however often one looks
stopping     when it may stop, and with which verdict
sequential   the gate itself
"""
