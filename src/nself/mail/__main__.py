"""`python -m nself.mail --port N --database-url DSN`: the development inbox alone."""

import sys

from nself.backend import main

sys.exit(main(["mail"]))
