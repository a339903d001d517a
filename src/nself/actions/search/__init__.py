"""`nself service search`: its indexes, and its switch."""
