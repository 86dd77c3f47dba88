"""The ways to pay: one module per provider behind the small protocol of `provider`."""
