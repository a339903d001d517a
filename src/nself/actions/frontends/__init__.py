"""The frontends of a project: added, removed, looked at, and told where the stack's APIs are."""
