# Payments to look at
admin-payments = 🧾 <b>Payments to look at</b>
admin-reviews-none = No payment waits for a decision. ✅
admin-reviews = { $count ->
    [one] { $count } payment waits for a decision: grant it or give it back.
   *[other] { $count } payments wait for a decision: grant them or give them back.
}
admin-refunds = { $count ->
    [one] { $count } refund is on its way.
   *[other] { $count } refunds are on their way.
} ⚠️ marks what the provider refuses for good: send that money in another way, then mark it.
admin-payments-of-person = 🧾 Payments, the latest first
admin-payments-of-person-none = There are no payments.

# One payment
admin-payment = 💳 <b>Payment no. { $id }: { $amount }</b>
admin-payment-came = { $provider }, { $at }
admin-payment-charge = Charge: <code>{ $charge }</code>
admin-payment-for = What for: { $what }
admin-payment-asked = Price: { $amount }
admin-payment-state = State: { $state }
admin-payment-person = 👤 The person
admin-state-applied = applied
admin-state-review = waits for a decision
admin-state-refunding = refund on its way
admin-state-refunded = refunded
admin-review-amount = ❓ The amount is not the price. Granting gives what was ordered, for what was paid.
admin-review-unknown-purchase = ❓ Nobody knows what it is for. Granting puts the money on the payer's balance.
admin-review-another-person = ❓ Somebody paid another person's order. Granting gives the same to the one who paid.
admin-review-paid-twice = ❓ The order was paid before. Granting gives the same once more.
admin-grant = ✅ Grant
admin-granted = Granted, the person is told
admin-refund = ↩️ Refund
admin-refund-sure = Give back payment no. { $id }, <b>{ $amount }</b>?
admin-refund-takes-nothing = It gave nothing so far, so nothing is taken back.
admin-refund-takes-access = The time that it paid for is taken back, and the reward of whoever invited the person.
admin-refund-takes-topup = What it put on the balance is taken back.
admin-refund-takes-gift = The gift is taken back: from its link, or from whoever opened it.
admin-refund-yes = Yes, give { $amount } back
admin-refund-asked = The refund is on its way
admin-already-settled = It is settled already
admin-not-grantable = Nobody knows whose it is or what it is worth here: it can only be given back.
admin-not-refundable = It can't be given back: what it put on the balance was spent.
admin-refund-waits = ↩️ The money goes back within a minute.
admin-refund-tried = ↩️ The money is not back after { $attempts ->
    [one] { $attempts } attempt
   *[other] { $attempts } attempts
}: { $error }. Next one: { $at }.
admin-refund-refused = ⚠️ The provider refuses: { $error }. Send the money in another way, then mark it here.
admin-by-hand = ✔️ I have sent it in another way
admin-by-hand-sure = Mark payment no. { $id } as refunded? The bot then sends nothing, and the person is told that <b>{ $amount }</b> went back.
admin-by-hand-yes = Yes, the money was sent
admin-by-hand-done = Marked as refunded
