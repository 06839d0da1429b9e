"""How alike two texts are when their looks are taken away.

fingerprints    code without names and layout, prose as its words
duplicates      solutions of two groups of cases that are nearly the same
"""
