"""Who is asking: admin secret, token or webhook, and the session that comes of it."""
