"""GraphQL over websockets: both subprotocols that Hasura's clients speak."""
