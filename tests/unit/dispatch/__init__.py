"""The way of an update through the dispatcher."""
