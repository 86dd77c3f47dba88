# Broadcasts
admin-broadcasts = 📣 <b>Broadcasts</b>, the latest first
admin-broadcasts-none = 📣 There were no broadcasts yet.
admin-broadcast-new = ➕ New broadcast
admin-broadcast-to-whom = To whom? The number is how many people it reaches now: those who blocked the bot are not counted.
admin-segment-everybody = Everybody
admin-segment-active = With access they paid for
admin-segment-trial = On a trial
admin-segment-ended = Access has ended
admin-segment-never = Never had access
admin-segment-russian = Who read Russian
admin-segment-english = Who read English
admin-broadcast-message = To whom: <b>{ $segment }</b>, { $size ->
    [one] { $size } person
   *[other] { $size } people
}.

    Send the message. It can be a text, a picture or a file: everybody gets it just as you send it. You see it once more before it goes out.
admin-broadcast-not-copied = Telegram can't copy a message of this kind. Send another one.
admin-broadcast-sure = ⬆️ This is what people get. To whom: <b>{ $segment }</b>, { $size ->
    [one] { $size } person
   *[other] { $size } people
}. Keep your message in this chat until it has gone out.
admin-broadcast-start = 📣 Send it
admin-broadcast-resume = ▶️ Go on
admin-broadcast-pause = ⏸ Pause
admin-broadcast-cancel = ✖️ Cancel for good
admin-broadcast = 📣 <b>Broadcast no. { $id }</b>: { $segment }
admin-broadcast-is-draft = 📝 Not started
admin-broadcast-is-running = ▶️ On its way, within Telegram's rates; the first go out within seconds.
admin-broadcast-is-paused = ⏸ Paused. It waits until you let it go on.
admin-broadcast-is-done = ✅ Done
admin-broadcast-is-canceled = ✖️ Canceled: nobody gets it any more.
admin-broadcast-sent = Sent: { $sent } of { $total }
admin-broadcast-failed = Not delivered: { $count }. They blocked the bot, or it never had a chat with them.
