# Screens
greeting = Hello, { $name }! 👋

    This is <b>Warren</b>: your own VPN right in Telegram. Fast, without walls, connected in a minute.
menu = <b>Main menu</b>
menu-state-none = You have no access yet.
menu-state-until = 🔑 Access until <b>{ $until }</b>
menu-state-over = Your access ended on { $until }.
menu-buy = 🛒 Buy access
menu-extend = 🛒 Extend access
menu-trial = 🎁 Try it free: { $days ->
    [one] { $days } day
   *[other] { $days } days
}
menu-access = 🔑 My access
menu-connect = 🔌 Connect
menu-balance = 👛 Balance
menu-invite = 👥 Invite
menu-promo = 🏷 Promo code
menu-gifts = 🎁 Gifts
menu-about = 🔐 What access is
menu-language = 🌐 Language · Язык
menu-help = 💬 Help
back = ← Back
about = <b>What access is</b>

    A VLESS key of your own: you add it to an app, and the internet on your devices works without walls again. The key is yours alone.

    All of it, from payment to connection, happens here in this chat.
help = 💬 <b>Help</b>

    /buy — buy or extend access
    /access — what you have, and until when
    /connect — your key, and connecting step by step
    /balance — your balance and topping it up
    /gifts — give access to somebody
    /invite — invite a friend and earn when they pay
    /promo — enter a promo code
    /language — change the language
    /menu — the main menu
    /support — write to people who help
    /paysupport — a question about a payment

    If something looks wrong, send /start: nothing gets lost.
help-support = 💬 Write to support
language-choice = Which language suits you?
language-chosen = Done, English it is
language-ru = Русский
language-en = English

# Answers
unknown-message = I understand buttons and commands. Here is the main menu.
unknown-button = This button no longer works. Send /menu
private-only = I only talk in private messages: nobody else sees your key there.
too-fast = Too fast. Wait a couple of seconds and try again.
failed = Something broke on our side. We know and are looking into it; please try again a little later.
banned = The bot is closed to you. If that is a mistake, or about a payment, send /paysupport
maintenance = Maintenance is under way. Access you have already bought keeps working, and no payment gets lost. Come back in a few minutes; if it can't wait, send /support
