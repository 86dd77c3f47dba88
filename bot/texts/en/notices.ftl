# Buttons under notices
button-connect = 🔌 Connect
button-access = 🔑 My access
button-buy = 🛒 Choose a plan
button-balance = 👛 Balance
button-gifts = 🎁 Gifts
button-reviews = 🧾 Payments to look at

# Access
notice-access-delayed = ⏳ Your access takes longer than usual: the server is not answering yet. Nothing is lost, we keep trying and will write the moment it works.
notice-access-ready = ✅ The server is back and your access works. Thank you for waiting!
notice-access-given = 🎁 You have been given more access: it now runs until <b>{ $expires_at }</b>.
notice-access-taken = Your access was shortened: it now runs until <b>{ $expires_at }</b>. If that is a mistake, write to /paysupport
notice-expires-in-3-days = Your access ends on { $expires_at }. Extend it in two taps: the days you have left are kept.
notice-expires-in-a-day = Less than a day left: your access ends on { $expires_at }.
notice-expires-in-3-hours = ⚠️ Less than three hours left: your access ends on { $expires_at }. Extend it now and nothing disconnects.

# The trial
notice-trial-started = How is the connection? If something does not work, open “Connect”: it takes a minute on any device. Your trial runs until { $expires_at }.
notice-trial-ends-in-a-day = Your trial ends on { $expires_at }. Choose a plan, and everything stays as it is set up.
notice-trial-ends-in-3-hours = ⚠️ Your trial ends in less than three hours: on { $expires_at }.
notice-trial-ended = Your trial is over. Your key is kept: choose a plan, and it works again at once, with nothing to set up.
notice-trial-missed = Your key is still here. One tap on a plan, and it works again.

# Money
notice-access-paid = ✅ Paid: { $amount }. { $renewal ->
        [1] Your access is extended
       *[0] Your access is ready
    } and runs until <b>{ $expires_at }</b>.
notice-access-renewed = ✅ Renewed from your balance for { $amount }. Your access runs until <b>{ $expires_at }</b>.
notice-topup-paid = ✅ { $value } is on your balance. It is now { $balance }.
notice-gift-paid = 🎁 The gift is paid. Its link is under “Gifts”: send it to whom you like.
notice-gift-claimed = 🎁 Your gift was opened: { $days ->
        [one] { $days } day
       *[other] { $days } days
    } of access are on their way to your friend.
notice-gift-withdrawn = The gift you were given was refunded to its buyer, and its time ({ $duration }) was taken back.
notice-payment-review = We got your payment of { $amount }, but it does not match the order, so a person looks at it now. Nothing is lost: you will get your access or your money back.
notice-payment-refunded = ↩️ Your payment of { $amount } was refunded.
notice-referral-reward = 🎉 A friend of yours has paid: { $amount } is on your balance. It is now { $balance }.
notice-balance-adjusted = Your balance was changed by { $amount }. It is now { $balance }.
notice-renewal-no-funds = Your access ends on { $expires_at }, and { $missing } is missing on your balance for the renewal ({ $amount }). Top it up, and it renews by itself.
notice-renewal-plan-gone = Your access ends on { $expires_at }. Your plan is no longer sold, so it will not renew by itself: please choose another one.

# For administrators
notice-vpn-host-stuck = ⚠️ VPN host { $host } does not take clients: attempts keep failing. People were told that it takes longer. It goes on by itself when the host returns.
notice-reconciliation-stopped = ⚠️ Reconciliation of { $host } removed nobody: the host has { $on_host } clients, the database wants { $wanted }, and { $unknown } are unknown. Is it the right host, and the right database?
notice-admin-payment-review = ⚠️ A payment needs a look: { $amount } by { $provider } ({ $reason ->
        [amount] the amount is not the order's
        [unknown_purchase] nobody knows what for
        [another_person] somebody else's order
       *[paid_twice] the order was paid before
    }).
notice-admin-refund-unknown = ⚠️ { $provider } refunded { $amount } of a payment that was never seen here (no. { $payment_id }).
notice-admin-refund-partial = ⚠️ { $provider } refunded { $amount }, a part of payment no. { $payment_id }. Nothing was taken back: please decide.
notice-admin-refund-arrived = ↩️ { $provider } refunded { $amount } (payment no. { $payment_id }). What it paid for was taken back.
notice-admin-refund-shortfall = ⚠️ Refund of payment no. { $payment_id }: { $amount } could not be taken back from user { $user_id }, it was spent.
notice-admin-refund-impossible = ⚠️ Payment no. { $payment_id } can't be refunded through its provider: { $error }. Give the money back by hand, then mark it.
notice-admin-refund-stuck = ⚠️ The refund of payment no. { $payment_id } keeps failing: { $error }. It is tried again.
