"""Catalog and metadata -> what each role may see and do, and the GraphQL types that say so."""
