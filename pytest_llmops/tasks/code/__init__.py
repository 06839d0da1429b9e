"""Modules as values, whatever language they are written in.

splicing, names    texts in place of parts, and other names
modules      what a module declares, and where
parsing      tree-sitter, with a bound on its work
syntax, typescript    modules in TypeScript
scopes, bindings      which of its names mean its top level
python       modules in Python
languages    all that differs between the two
leaves       code without its looks
parameters   what the parameters of a function bind
uses         what a body uses that is not its own
trimming, shortening  declarations in short
"""
