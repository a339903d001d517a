"""`nself service`: the catalogue's services and the user's own, switched, scaffolded, listed, asked."""
