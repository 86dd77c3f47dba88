# The balance
balance = 👛 <b>Your balance: { $amount }</b>

    Buy or extend access with it, or give it to a friend, in one tap.
balance-movements = <b>Movements</b>
balance-movement = <b>{ $amount }</b> · { $what } · { $day }
balance-empty = Nothing has moved yet.
balance-topup = ➕ Top up
page-earlier = Earlier →
page-latest = ← To the latest
movement-topup = top-up
movement-topup-refunded = top-up refunded
movement-purchase = purchase
movement-referral = for a friend you invited
movement-referral-reversed = a friend's payment was refunded
movement-promo = promo code
movement-adjustment = correction
movement-refund = refund of a purchase

# Topping up
topup = ➕ <b>Topping up the balance</b>

    By how much?
topup-own = ✏️ Another amount
topup-write = ✏️ Write the amount as a number, from { $least } to { $most }.
topup-not-an-amount = That amount will not work.
topup-ways = ➕ <b>Topping up by { $amount }</b>

    How would you like to pay?
topup-title = Topping up the balance
topup-description = Topping up the balance by { $amount }
