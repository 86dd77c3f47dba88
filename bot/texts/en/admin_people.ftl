# Finding a person
admin-find-whom = 🔎 Send an id, a @username or a part of a name.
admin-find-again = 🔎 Find another
admin-found = Who is meant?
admin-nobody = Nobody is found by “{ $words }”. The bot knows only those who have written to it.

# One person
admin-person-balance = Balance: { $balance }
admin-person-known = Here since { $since }, last seen { $seen }
admin-person-referrer = Invited by { $id }
admin-person-blocked = 🚫 Blocked the bot on { $at }
admin-person-banned = ⛔️ Banned on { $at }
admin-person-access = 🔑 Access
admin-person-adjust = 👛 Balance
admin-person-payments = 🧾 Payments
admin-person-history = 📖 History
admin-ban = ⛔️ Ban
admin-unban = Lift the ban
admin-is-banned = Banned. The access that was paid for stays.
admin-is-unbanned = The ban is lifted
admin-ban-admin = Administrators can't be banned

# Access
admin-access = 🔑 Access of <b>{ $name }</b>
admin-access-none = Access: never had any
admin-access-over = Access ended on { $until }
admin-access-runs = Access until <b>{ $until }</b>, { $left } left
admin-access-trial = Trial until <b>{ $until }</b>, { $left } left
admin-access-choose = What you add or take away counts from the end of what they have. The person is told.
admin-access-other = Another number, with a reason
admin-access-days = Send a number of days and, after a space, the reason: <code>14 the server was down</code>. With a minus, days are taken away.
admin-access-end = End at once
admin-access-end-sure = End this access now? Whatever is left of it is lost, and the person is told. Money is not given back by this: for that, refund the payment.
admin-access-end-yes = Yes, end it
admin-access-ended = Access has ended
admin-access-changed = Done, the person is told
admin-no-access = There is no access to take from
admin-not-days = That is no number of days.

# Balance
admin-balance-amount = Balance: <b>{ $balance }</b>

    By how much should it change? Send an amount: <code>300</code> adds, <code>-300</code> takes away.
admin-balance-add = { $name } gets <b>{ $amount }</b>.

    Send the reason: with it the balance changes. The reason stays in the history; the person is told the amount.
admin-balance-take = { $name } loses <b>{ $amount }</b>.

    Send the reason: with it the balance changes. The reason stays in the history; the person is told the amount.
admin-balance-too-small = { $missing } short: a balance does not go below zero.
admin-not-an-amount = That is no amount.

# History
admin-history = 📖 <b>{ $name }</b>
admin-history-empty = Nothing has happened yet.
admin-event-payment = 💳 Payment no. { $id }: { $amount }, { $provider }, { $state }
admin-event-purchase = 🛒 Order no. { $id }, { $item }: { $amount }, { $state }
admin-event-ledger = 👛 { $amount }, { $reason }; balance { $balance }
admin-event-access = 🔑 { $time }, { $source }
admin-event-audit = 🛠 { $action } (administrator { $admin })
admin-event-promo = 🎟 Promo code { $code }
admin-item-access = access
admin-item-topup = top-up
admin-item-gift = gift
admin-item-unknown = unknown
admin-purchase-pending = not paid yet
admin-purchase-review = being checked
admin-purchase-refunded = refunded
admin-purchase-expired = not paid in time
admin-purchase-canceled = canceled
admin-ledger-topup = top-up
admin-ledger-purchase = purchase
admin-ledger-referral = for a friend
admin-ledger-promo = promo code
admin-ledger-adjustment = correction
admin-ledger-refund = refund
admin-source-trial = trial
admin-source-purchase = purchase
admin-source-gift = gift
admin-source-promo = promo code
admin-source-admin = by hand
admin-source-conversion = converted to another plan
admin-source-refund = refund
