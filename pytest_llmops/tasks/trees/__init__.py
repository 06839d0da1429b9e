"""Where source trees come from, and the history of those in git.

locks        the npm packages of a suite, as its lock file pins them
complaints   what git says of a clone, in one line
checkout     the files of a pinned commit
sdist        the files of a package of the index
git          a bare clone that is filled as it is asked
history      trees of single commits, without any history
walk         the commits that lead to the one of a suite
"""
