# Support
support = 💬 <b>Support</b>

    Tell us in your next message what happened; a screenshot helps. A person will answer you right in this chat.
support-pay = 💬 <b>About a payment</b>

    Tell us in your next message what you paid for, when, and what is wrong; a receipt helps. A person will look into it and answer right in this chat. No money gets lost: we have every payment on record.
support-nobody = Support is not set up in this bot yet. Write to whoever told you about it.
support-passed-on = ✅ Passed on. The answer will come here. If there is more to say, just write.
support-not-this = A message of this kind can't be passed on. Please put it in words or send a screenshot.
support-failed = Your message could not be passed on: we can't reach support right now. Please try again in a few minutes.
support-too-much = Too many messages at once: the last ones were not passed on. Wait a minute, then go on.
support-again = 🔄 Write again
support-more = 💬 Reply

# For those who answer
support-card = 👤 <b>{ $name }</b> · <code>{ $id }</code>
support-card-access = Access: until { $until }
support-card-no-access = Never had access
support-card-reply = Reply to either of these messages, and your answer goes to the person.
support-card-open = 🔎 Who is this
support-answer-sent = ✅ The person has your answer.
support-answer-blocked = ⚠️ Not delivered: the person has blocked the bot or deleted their account.
support-answer-not-this = ⚠️ Not delivered: Telegram can't copy a message of this kind. Send it as text, a photo or a file.
support-answer-unsure = ⚠️ Telegram did not answer, so nobody knows whether it arrived. Send it again if it matters.
