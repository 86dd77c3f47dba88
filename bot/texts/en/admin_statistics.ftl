# Statistics
admin-statistics = 📊 <b>Statistics</b>

    People: <b>{ $total }</b> (+{ $day } in a day, +{ $month } in 30 days)
    Blocked the bot: { $blocked }
    Paid access: <b>{ $paid }</b>, on a trial: { $trials }
admin-conversion = Trial → payment: { $share }
admin-churn = Did not renew: { $share }
admin-share = <b>{ $percent }%</b> ({ $part } of { $whole })
admin-statistics-to-look-at = ⚠️ Payments to look at: { $count }
admin-takings-none = No money came in within the last 30 days.
admin-takings = <b>Takings by day</b>, 30 days, { $currency } (a Star counts { $star })
admin-takings-lately = Today { $today } · 7 days { $week } · 30 days <b>{ $month }</b>
