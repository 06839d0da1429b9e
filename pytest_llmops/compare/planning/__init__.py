"""What a gate can see with a model and a suite, and how much to ask for.

samples      attempts of one run as two runs
noise        how the gate behaves where nothing changed
needs        how many attempts or cases to ask for
calibration  all of it as one value
"""
