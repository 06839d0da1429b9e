"""MLflow: a tracking server, or its database file.

database, tracking_file   the file, used without a server
rest, answers             a server's API, and what it answers
assessments               what code says of an attempt
registry                  local models in the registry
tracked                   a run of ours as one of MLflow's
sink                      all of it as a sink
"""
