"""Handlers and screens as data."""
