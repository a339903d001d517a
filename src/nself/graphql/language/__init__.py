"""GraphQL itself: documents, types, scalars, introspection."""
