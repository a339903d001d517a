"""The programs that run functions. The server starts them by their path; they import nothing of nself."""
