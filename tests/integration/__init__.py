"""Against a real PostgreSQL and real sockets."""
