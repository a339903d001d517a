"""Other GraphQL services as part of ours: their schema, their answers, and relationships to and from them."""
