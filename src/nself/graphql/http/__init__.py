"""The endpoints, one file per family. What they answer is decided elsewhere: here it gets a status and a shape."""
