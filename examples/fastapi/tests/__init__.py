"""Tests of the item service."""
