"""Hasura metadata v3: the typed model, its JSON and directory forms, the store, and the commands that change it."""
