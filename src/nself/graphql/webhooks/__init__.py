"""Calls to other people's servers, and what metadata takes from the environment for them."""
