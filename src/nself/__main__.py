"""`python -m nself` is the nself program."""

from nself.cli.main import main

main()
