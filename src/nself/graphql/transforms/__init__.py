"""Requests and responses of webhooks rewritten by templates: the language Kriti, and what its templates are for."""
