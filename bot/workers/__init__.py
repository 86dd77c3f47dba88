"""What runs in the background: one module a worker, and the table of all of them."""
