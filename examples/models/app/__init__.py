"""Serves a model: the price of a flat by its size and age."""
