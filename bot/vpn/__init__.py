"""What is sold: clients on VPN hosts. The port, its adapters, and what a person is given.

`gateway` is the port, `types` and `errors` are its words; `agent_client` is the first adapter;
`hosts` gives the gateway of a host. `share_link`, `qr`, `subscription` and `apps` are pure
functions from an endpoint and a UUID to what a VPN app reads.
"""
