"""`python -m nself.functions --port N`: the functions server alone."""

import sys

from nself.backend import main

sys.exit(main(["functions"]))
