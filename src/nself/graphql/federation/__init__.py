"""Apollo federation: the schema as text for a gateway, and rows by the keys that a gateway holds."""
