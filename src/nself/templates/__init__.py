"""Scaffolds for projects and services. Data only."""
