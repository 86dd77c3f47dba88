# Plans and prices
admin-plans = 🏷 <b>Plans and prices</b>

    In the order of the shop window; 🟢 is on sale.
admin-plans-none = 🏷 There are no plans yet, so nothing can be bought.
admin-plan-add = ➕ Add a plan
admin-plan-price = Price: { $money } or { $stars }
admin-plan-days = Duration: { $days }
admin-plan-devices = Devices: { $count }
admin-plan-traffic = Traffic: { $limit }
admin-plan-on-sale = 🟢 On sale
admin-plan-off-sale = ⚪️ Not on sale
admin-plan-currency = ⚠️ The shop now counts in { $currency }: set the price anew first.
admin-plan-on = 🟢 Put on sale
admin-plan-off = ⚪️ Take off sale
admin-plan-up = ↑ Higher
admin-plan-down = ↓ Lower
admin-gigabytes = { $count } GB
admin-edit-price = ✏️ Price
admin-edit-stars = ✏️ Price in Stars
admin-edit-days = ✏️ Days
admin-edit-devices = ✏️ Devices
admin-edit-traffic = ✏️ Traffic
admin-edit-ru = ✏️ Russian name
admin-edit-en = ✏️ English name
admin-ask-price = Send the price in { $currency }: <code>299</code> or <code>299.50</code>.
admin-ask-stars = Send the price in Stars, 1 to 100,000.
admin-ask-days = For how many days? 1 to 3660. Only a plan of 30 days can be a Stars subscription.
admin-ask-devices = For how many devices? <code>0</code> is for any number.
admin-ask-traffic = How many gigabytes of traffic? <code>0</code> is without limit.
admin-ask-ru = Send the name in Russian, at most 48 characters.
admin-ask-en = Send the name in English, at most 48 characters.
