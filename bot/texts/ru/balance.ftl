# Баланс
balance = 👛 <b>Ваш баланс: { $amount }</b>

    С него можно купить и продлить доступ или подарить его другу в одно касание.
balance-movements = <b>Движения</b>
balance-movement = <b>{ $amount }</b> · { $what } · { $day }
balance-empty = Движений пока не было.
balance-topup = ➕ Пополнить
page-earlier = Раньше →
page-latest = ← К последним
movement-topup = пополнение
movement-topup-refunded = возврат пополнения
movement-purchase = покупка
movement-referral = за приглашённого друга
movement-referral-reversed = оплату друга вернули
movement-promo = промокод
movement-adjustment = исправление
movement-refund = возврат за покупку

# Пополнение
topup = ➕ <b>Пополнение баланса</b>

    На сколько пополнить?
topup-own = ✏️ Другая сумма
topup-write = ✏️ Напишите сумму числом: от { $least } до { $most }.
topup-not-an-amount = Такая сумма не подойдёт.
topup-ways = ➕ <b>Пополнение на { $amount }</b>

    Как удобнее заплатить?
topup-title = Пополнение баланса
topup-description = Пополнение баланса на { $amount }
