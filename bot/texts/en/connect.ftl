# Connecting
connect = 🔌 <b>Connect</b>
connect-until = Your access runs until <b>{ $until }</b>.
connect-choose = Choose a device, and I'll show you what to tap. It takes a minute.
connect-key = <b>Key</b> (tap to copy)
    <code>{ $key }</code>
connect-link = <b>Subscription link</b> (the app keeps it up to date)
    <code>{ $link }</code>
connect-setting-up = ⏳ The key is being turned on at the server. That usually takes a few seconds.
connect-delayed = ⏳ The server is not answering yet, so the key starts working later than usual. Nothing is lost: we keep trying and write to you the moment it is on.
connect-no-room = ⏳ Our servers are full right now. Your access is on record, and the key appears here by itself as soon as there is a place.
connect-none = There is nothing to connect yet: you have no access.
connect-refresh = 🔄 Check again
connect-qr = 📷 QR code
connect-qr-caption = 📷 <b>Your key</b>

    Open the app on another device, choose “Scan QR code” and point the camera here. Show it to nobody: whoever has this code can connect.
connect-copy-link = 📋 Copy the link
platform-ios = iPhone and iPad
platform-android = Android
platform-windows = Windows
platform-macos = Mac
platform-linux = Linux

# Step by step
steps-install = <b>1.</b> Install <b>{ $app }</b>: the button is below.
steps-import = <b>2.</b> Come back here and tap “Add to { $app }”: your access appears in the app by itself.
steps-paste = <b>2.</b> Copy this and paste it into the app:
    <code>{ $link }</code>
steps-turn-on = <b>3.</b> In the app, tap the big power button and allow the VPN.
steps-by-hand = It did not appear? Copy the link and paste it into the app with “+”.
steps-get = ⬇️ Install { $app }
steps-get-in-russia = ⬇️ { $app } in the Russian App Store
steps-add = ➕ Add to { $app }
steps-other = Other apps:

# The page that opens an app
open-title = Add to { $app }
open-lead = { $app } is about to open and offer to add your access.
open-button = Open { $app }
open-not-installed = Nothing opened? Then { $app } is not installed yet.
open-get = Install { $app }
open-by-hand = Or copy the subscription link from the chat with the bot and paste it into the app.

# What the apps themselves show
profile-title = Warren
profile-over = Your access has ended: extend it in the bot
profile-no-room = A place on a server comes soon: update the subscription
