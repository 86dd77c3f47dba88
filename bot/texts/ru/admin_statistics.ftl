# Статистика
admin-statistics = 📊 <b>Статистика</b>

    Людей: <b>{ $total }</b> (+{ $day } за сутки, +{ $month } за 30 дней)
    Заблокировали бота: { $blocked }
    С оплаченным доступом: <b>{ $paid }</b>, на пробном: { $trials }
admin-conversion = Из пробного в оплату: { $share }
admin-churn = Не продлили: { $share }
admin-share = <b>{ $percent }%</b> ({ $part } из { $whole })
admin-statistics-to-look-at = ⚠️ Спорных платежей: { $count }
admin-takings-none = За последние 30 дней поступлений не было.
admin-takings = <b>Поступления по дням</b>, 30 дней, { $currency } (одна Star — { $star })
admin-takings-lately = Сегодня { $today } · 7 дней { $week } · 30 дней <b>{ $month }</b>
