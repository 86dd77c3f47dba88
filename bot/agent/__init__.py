"""The agent: the small HTTP service beside Xray or V2Ray on a VPN host.

The bot says who may connect; the agent tells the core, over the core's own API. It keeps nothing
but what the core keeps: after a restart of either, the bot's sync puts everybody back.
"""
