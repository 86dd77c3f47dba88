"""The rules of the shop on a real database."""
