"""`python -m nself.storage`: the storage server alone."""

import sys

from nself.backend import main

if __name__ == "__main__":
    sys.exit(main(["storage"]))
