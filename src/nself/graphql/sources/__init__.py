"""The databases behind the metadata's sources: how each is reached, its open pool, what was found in it."""
