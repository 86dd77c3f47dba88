# The first screen of administration, and what its screens have in common
admin-desk = 🛠 <b>Administration</b>

    Everything that you change here stays in the audit log.
admin-to-statistics = 📊 Statistics
admin-to-find = 🔎 Find a person
admin-to-payments = 🧾 Payments to look at
admin-to-broadcasts = 📣 Broadcasts
admin-to-plans = 🏷 Plans and prices
admin-to-promos = 🎟 Promo codes
admin-to-unprovisioned = 🩺 Not provisioned
admin-to-hosts = 🖥 VPN hosts
admin-to-workers = ⚙️ Workers
admin-to-audit = 📜 Audit log
admin-to-switches = 🚧 Maintenance and sales
admin-cancel = ✖️ Cancel
admin-refresh = 🔄 Refresh
admin-newer = ← Newer
admin-older = Older →
admin-provider-stars = Stars
admin-provider-telegram_payments = Telegram Payments
admin-provider-yookassa = YooKassa
admin-provider-cryptopay = Crypto Pay
admin-provider-balance = balance

# What administrators do, as the audit log names it
admin-deed-access-give = gave time
admin-deed-access-take = took time away
admin-deed-balance-adjust = corrected a balance
admin-deed-payment-grant = granted a payment
admin-deed-payment-refund = refunded a payment
admin-deed-payment-refund-by-hand = refunded by hand
admin-deed-plan-add = added a plan
admin-deed-plan-change = changed a plan
admin-deed-plan-on-sale = put a plan on sale
admin-deed-plan-off-sale = took a plan off sale
admin-deed-plan-move = moved a plan
admin-deed-promo-create = created a promo code
admin-deed-promo-activate = switched a promo code on
admin-deed-promo-deactivate = switched a promo code off
admin-deed-broadcast-start = started a broadcast
admin-deed-broadcast-pause = paused a broadcast
admin-deed-broadcast-cancel = canceled a broadcast
admin-deed-host-state = changed a host
admin-deed-switch = turned a switch
admin-deed-ban = banned
admin-deed-unban = lifted the ban
admin-changed = Done
admin-gone = That is no longer there
admin-no-limit = no limit
admin-not-possible = That is not possible here.
