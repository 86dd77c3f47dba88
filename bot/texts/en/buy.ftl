# Choosing a plan
plans = 🛒 <b>Choose a plan</b>
plans-none = Nothing is on sale right now. Please look in a little later.
sales-closed = Sales are paused for now. Access you already have works as usual.
plans-discount = 🏷 Your { $percent }% discount is in these prices.
plan-price = { $money } or { $stars }
plan-price-before = <s>{ $before }</s> { $now }
plan-devices = { $count ->
    [one] { $count } device
   *[other] up to { $count } devices
}
plan-devices-any = any number of devices
plan-traffic = { $gigabytes } GB of traffic
plan-traffic-any = unlimited traffic
plan-until = Your access will run until <b>{ $until }</b>.
plan-until-added = The time is added to what you have left: access until <b>{ $until }</b>.
plan-until-converted = This plan has other limits, so the time you have left is converted at its price: access until <b>{ $until }</b>.
plan-choose-way = How would you like to pay?
plan-gone = That plan is no longer there. These are.

# Ways to pay
way-stars = Telegram Stars · { $price }
way-stars-subscription = 🔁 Stars, every month · { $price }
way-telegram_payments = 💳 Card · { $price }
way-yookassa = 💳 Card or SBP · { $price }
way-cryptopay = 💎 Crypto · { $price }
way-balance = 👛 From my balance · { $price }
way-balance-missing = 👛 Top up the balance by { $missing }
way-free = 🎁 Get it for free

# The invoice and the pay page
invoice-description = { $days ->
    [one] { $days } day of access
   *[other] { $days } days of access
}
pay-button = Pay { $price }
pay-page = <b>{ $title }</b>: { $price }

    Open the payment page and come back: we notice the payment by ourselves, usually within a minute.

    Time to pay: { $left }.
pay-subscription = 🔁 <b>{ $title }</b>: { $price } every 30 days

    Telegram takes the Stars at the start of each period. Cancel whenever you like, here in “My access” or in Telegram's settings: the time you paid for stays.
pay-check = ✅ I have paid, check
pay-cancel = Cancel
pay-away = This payment system is not answering right now. Try again in a minute or choose another way: no money was taken.
pay-again = 🔄 Try again
pay-gone = This invoice is no longer good. Start again: it is two taps.
pay-not-yet = The payment has not arrived yet. If you have paid, give it a minute and check again.
pay-in-review = Your payment has arrived and is being checked: its amount differs from the invoice. We are on it and will write to you.
pay-was-refunded = The money for this purchase was given back.
pay-canceled = The purchase is canceled, and no money was taken.
pay-other = Another way
pay-already-subscribed = You have a Stars subscription already and need no second one. You find it in “My access”.
pay-not-enough = You have { $balance } on your balance, { $missing } short.

    Top it up and the purchase takes one tap. What is left over stays yours.
topup-missing = Top up by { $missing }
paid-access = ✅ <b>Paid.</b> Your access runs until <b>{ $until }</b>.
paid-topup = ✅ Paid, and your balance is topped up.
paid-gift = ✅ Paid, and your gift is ready.

# Why it can't be paid now: Telegram shows this
refusal-unknown = There is no such invoice. Open “Buy” in the bot and start again.
refusal-another-person = This invoice was made for somebody else. Open the bot and get your own.
refusal-already-paid = This invoice is paid already.
refusal-canceled = You canceled this purchase. Open “Buy” and start again.
refusal-already-subscribed = You have a Stars subscription already and need no second one.
refusal-plan-gone = This plan is no longer sold. Choose another one in the bot.
refusal-price-changed = The price has changed. Open “Buy” in the bot for the new one.
refusal-no-room = Our servers are full right now. No money was taken; please try a little later.
refusal-sales-closed = Sales are paused for now. No money was taken.
refusal-too-slow = We can't check the order right now. No money was taken; try again in a minute.

# A subscription in Stars
stars-canceled = The Stars subscription is canceled. Your access runs until <b>{ $until }</b>.
stars-active = ✅ The Stars subscription is on again. Your access runs until <b>{ $until }</b>.
stars-failed = The Stars subscription could not be renewed, most likely for want of Stars. Your access runs until <b>{ $until }</b>. You can extend it in any way you like.
