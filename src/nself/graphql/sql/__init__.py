"""SQL as a tree, its one printer, and what statements are made of."""
