"""The project's Redis while it runs: signing in, and making a cluster of its nodes."""
