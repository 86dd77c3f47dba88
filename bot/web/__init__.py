"""What is served over HTTP: the webhook, the public pages, and the pages of operation."""
