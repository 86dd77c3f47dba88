"""The Bot API: types, methods, the client, and the way of an update to its handler."""
