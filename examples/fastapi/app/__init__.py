"""A small item service."""
