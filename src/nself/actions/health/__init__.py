"""Whether services are well: asked now, asked again and again, and as it was."""
