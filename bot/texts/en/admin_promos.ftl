# Promo codes
admin-promos = 🎟 <b>Promo codes</b>

    🟢 can be entered.
admin-promos-none = 🎟 There are no promo codes yet.
admin-promo-add = ➕ New code
admin-promo-used = Used: { $uses } of { $most }
admin-promo-until = Good until: { $until }
admin-promo-is-on = 🟢 Can be entered
admin-promo-is-off = ⚪️ Switched off
admin-promo-over = ⌛️ Its time is over
admin-promo-on = 🟢 Switch on
admin-promo-off = ⚪️ Switch off
admin-promo-what = What does the code give?
admin-promo-kind-days = 🔑 Days of access
admin-promo-kind-percent = 🏷 Discount on a purchase
admin-promo-kind-balance = 👛 Money on the balance
admin-promo-ask-code = Send the code: 3 to 32 of A–Z, 0–9, “-” and “_”. Small letters count as capitals.
admin-promo-ask-days = How many days does it give?
admin-promo-ask-percent = By how many percent is the purchase cheaper? 1 to 100.
admin-promo-ask-balance = How much does it put on the balance, in { $currency }?
admin-promo-ask-uses = How often can it be used in all? <code>0</code> is without limit. Each person can use it once.
admin-promo-ask-valid = For how many days from now is it good? <code>0</code> is without limit.
admin-promo-taken = There is such a code already.
