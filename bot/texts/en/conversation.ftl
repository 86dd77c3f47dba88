# Screens
greeting = Hello, { $name }! 👋

    This is Warren, your own VPN in Telegram. What would you like to know?
menu = Main menu. What would you like to know?
menu-about = 🔐 What access is
menu-language = 🌐 Language · Язык
menu-help = 💬 Help
back = ← Back
about = <b>What access is</b>

    A VLESS key of your own: open a link in an app, and the internet on your devices works without walls again. All of it, from payment to connection, happens here in this chat.

    Sales open very soon.
help = <b>Help</b>

    /start — start over
    /menu — the main menu
    /language — change the language

    If something looks wrong, send /start: nothing gets lost.
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
banned = The bot is closed to you. If that is a mistake, write to whoever told you about it.
maintenance = Maintenance is under way. Access you have already bought keeps working, and no payment gets lost. Come back in a few minutes.
