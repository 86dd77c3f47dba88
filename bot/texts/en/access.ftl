# My access
access = 🔑 <b>My access</b>
access-none = You have no access yet. Choose a plan, and a minute later everything works.
access-none-trial = You have no access yet. Try it for free: no card needed.
access-until = ✅ Runs until <b>{ $until }</b>
    Left: { $left }
access-over = It ended on { $until }. Your key is kept: extend your access and it works again at once, with nothing to set up.
access-plan = Plan: { $title }
access-trial = Free trial
access-limits = Limits: { $devices }, { $traffic }
access-renews = 🔁 Renewal from the balance is on
access-renews-not = Renewal from the balance is off
access-stars-on = ⭐ The Stars subscription renews it by itself
access-stars-off = ⭐ The Stars subscription is canceled
access-extend = 🛒 Extend
access-buy = 🛒 Choose a plan
access-connect = 🔌 Connect
access-renew-on = 🔁 Turn renewal on
access-renew-off = Turn renewal off
access-renew-is-on = On: we renew from your balance before the end, if it has enough.
access-renew-is-off = Off.
access-stars-cancel = ⭐ Cancel the subscription
access-stars-resume = ⭐ Resume the subscription
access-stars-is-canceled = The subscription is canceled. The time you paid for stays yours.
access-stars-resumable = Done. Now turn it on in Telegram: Settings → My Stars → the Warren subscription.
access-stars-refused = Telegram would not change the subscription. You can change it in Telegram: Settings → My Stars.
access-reissue = 🔄 New key
access-reissue-sure = 🔄 <b>Replace the key?</b>

    The old key and the old link stop working as soon as the new key is on: every device has to be connected again. Do this if the key got into somebody else's hands.
access-reissue-yes = Yes, replace it
access-reissued = 🔄 <b>Your new key is ready.</b> Connect your devices again.
trial-used = The trial is once per person, and you have had yours.
trial-begun = 🎁 <b>Your trial has begun.</b> Your access runs until <b>{ $until }</b>.
gift-taken = 🎁 <b>The gift is yours!</b> Your access runs until <b>{ $until }</b>.
gift-gone = This gift was taken or canceled. Ask the person who sent it.
