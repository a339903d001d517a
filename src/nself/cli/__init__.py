"""The command line: flags, help, one call to an action, output. No decisions."""
