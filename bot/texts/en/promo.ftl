# Promo codes
promo = 🏷 <b>Promo code</b>

    Send it as your next message.
promo-has-discount = You have a { $percent }% discount already: it counts for your next purchase. A new discount takes its place.
promo-again = Send another code, or go back to the menu.
promo-unknown = There is no such promo code. Is there a typo in it?
promo-not-yet = This promo code does not work yet.
promo-expired = This promo code has expired.
promo-used-up = This promo code has been used as often as it can be.
promo-used-by-you = You have used this promo code already.
promo-too-often = Too many tries. Wait a minute and try again.
promo-gave-days = ✅ It worked: { $days ->
        [one] { $days } day
       *[other] { $days } days
    } of access for you. It now runs until <b>{ $until }</b>.
promo-gave-percent = ✅ It worked: your next purchase is <b>{ $percent }%</b> cheaper.
promo-gave-balance = ✅ It worked: <b>{ $amount }</b> is on your balance.
