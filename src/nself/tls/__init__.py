"""Certificates: one authority a machine, one leaf a project, the stores that trust the authority."""
