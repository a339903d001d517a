"""Specs -> {path: text}. Text out, nothing touched."""
