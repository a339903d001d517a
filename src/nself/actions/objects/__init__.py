"""The object store of a project: its buckets, what is in them, and how files got there."""
