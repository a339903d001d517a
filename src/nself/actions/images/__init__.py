"""Container images: made from Dockerfiles, pinned, brought up to date."""
