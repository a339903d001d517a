"""`python -m nself.auth --port N --database-url DSN`: the auth server alone."""

import sys

from nself.backend import main

sys.exit(main(["auth"]))
