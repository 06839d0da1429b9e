"""What holds for every test of this project; what the plugin offers needs no conftest."""

import os
import sys

pytest_plugins = ["pytester"]

# The tests start Python thousands of times, and compiling takes longer than most of these sessions:
# bytecode is kept, here and in what they start, also where the environment says not to.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
