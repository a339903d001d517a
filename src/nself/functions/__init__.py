"""Runs a project's functions: Python and TypeScript handlers behind HTTP."""
