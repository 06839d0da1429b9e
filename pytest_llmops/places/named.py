"""What `--run-on` takes, for those who only say so."""

HELP = "where tests are judged: local[:N] for N at once, or ray[:HOST:PORT] (default: local)"
