"""Subscriptions: live queries and streams, asked again for many subscribers at once."""
