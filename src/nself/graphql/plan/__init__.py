"""Operation + schema -> statements. Pure: nothing here meets a connection."""
