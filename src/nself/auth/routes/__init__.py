"""Endpoints that belong to no single way of signing in; a module exposes ENDPOINTS and is found by being here."""
