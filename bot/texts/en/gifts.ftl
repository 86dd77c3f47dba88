# Gifts
gifts = 🎁 <b>Gifts</b>

    Give access to people you care about: you pay here and get a link. Whoever opens it is connected at once.
gifts-line = <b>{ $title }</b> · { $state }
gifts-open = 🔗 { $title } · { $day }
gifts-buy = 🎁 Buy a gift
gift = 🎁 <b>{ $title }</b>: { $days ->
    [one] { $days } day
   *[other] { $days } days
} of access
gift-link = Send this link to the person it is for. It works once.

    <code>{ $link }</code>
gift-send = 📨 Send the gift
gift-words = VPN access, from me to you. Open the link and press Start: it takes a minute to connect.
gift-is-waiting = waiting since { $day }
gift-is-taken = opened on { $day }
gift-is-canceled = refunded on { $day }
gift-plans = 🎁 <b>What would you like to give?</b>
gift-plan = 🎁 <b>A gift</b>
gift-title = A gift: VPN access
