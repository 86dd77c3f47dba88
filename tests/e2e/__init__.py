"""The whole process, through sockets."""
