"""The version of Hasura whose behaviour this engine has."""

COMPATIBLE_WITH = "v2.44.0"
"""Clients, consoles and webhooks choose what they send and accept by it."""
