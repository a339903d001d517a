"""`python -m nself.graphql --port 8080 --database-url DSN`: this server alone."""

import sys

from nself.backend import main

sys.exit(main(["graphql"]))
