"""The mail a project sends: through which server, whether that takes it, and what the development inbox got."""
