"""Pure logic: no database, no sockets; Trio may run on a mock clock."""
