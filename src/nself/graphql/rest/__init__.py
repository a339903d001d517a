"""Stored queries under URLs of their own, and the document that describes them."""
