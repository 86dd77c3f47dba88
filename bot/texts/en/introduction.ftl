# About the bot
command-start = Start over
command-menu = Main menu
command-buy = Buy or extend
command-access = My access
command-connect = Connect
command-balance = Balance and top-up
command-invite = Invite a friend
command-promo = Enter a promo code
command-gifts = Gifts
command-language = Change the language
command-help = Help
command-support = Write to support
command-paysupport = A question about a payment
description = Warren is a VPN of your own: access, connection and help right in this chat. Press Start.
short-description = Your own VPN: access and connection right in Telegram
