"""One file per command; a folder is a group. Each exposes `command`."""
