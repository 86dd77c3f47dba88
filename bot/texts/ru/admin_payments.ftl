# Спорные платежи
admin-payments = 🧾 <b>Спорные платежи</b>
admin-reviews-none = Решения никто не ждёт. ✅
admin-reviews = { $count ->
    [one] { $count } платёж ждёт решения: зачесть или вернуть.
    [few] { $count } платежа ждут решения: зачесть или вернуть.
   *[many] { $count } платежей ждут решения: зачесть или вернуть.
}
admin-refunds = { $count ->
    [one] { $count } возврат в пути.
    [few] { $count } возврата в пути.
   *[many] { $count } возвратов в пути.
} Знак ⚠️ — там, где платёжная система отказала: отправьте деньги другим способом и отметьте здесь.
admin-payments-of-person = 🧾 Платежи, начиная с последнего
admin-payments-of-person-none = Платежей нет.

# Один платёж
admin-payment = 💳 <b>Платёж № { $id }: { $amount }</b>
admin-payment-came = { $provider }, { $at }
admin-payment-charge = Номер в системе: <code>{ $charge }</code>
admin-payment-for = За что: { $what }
admin-payment-asked = Цена: { $amount }
admin-payment-state = Состояние: { $state }
admin-payment-person = 👤 Человек
admin-state-applied = зачтён
admin-state-review = ждёт решения
admin-state-refunding = возврат в пути
admin-state-refunded = возвращён
admin-review-amount = ❓ Сумма не совпадает с ценой. Если зачесть, человек получит заказанное за то, что заплатил.
admin-review-unknown-purchase = ❓ Неизвестно, за что. Если зачесть, деньги придут на баланс плательщика.
admin-review-another-person = ❓ Оплачен чужой заказ. Если зачесть, то же самое получит тот, кто заплатил.
admin-review-paid-twice = ❓ Заказ уже был оплачен. Если зачесть, человек получит то же самое ещё раз.
admin-grant = ✅ Зачесть
admin-granted = Зачтён, человеку сообщили
admin-refund = ↩️ Вернуть
admin-refund-sure = Вернуть платёж № { $id }, <b>{ $amount }</b>?
admin-refund-takes-nothing = За него пока ничего не выдано, так что и забирать нечего.
admin-refund-takes-access = Оплаченное им время будет снято, вместе с вознаграждением того, кто пригласил.
admin-refund-takes-topup = Пополнение будет списано с баланса.
admin-refund-takes-gift = Подарок пропадёт: и по ссылке, и у того, кто его открыл.
admin-refund-yes = Да, вернуть { $amount }
admin-refund-asked = Возврат в пути
admin-already-settled = С ним уже разобрались
admin-not-grantable = Неизвестно, чей он и сколько здесь стоит: его можно только вернуть.
admin-not-refundable = Вернуть нельзя: то, что пришло на баланс, уже потрачено.
admin-refund-waits = ↩️ Деньги уйдут в течение минуты.
admin-refund-tried = ↩️ Деньги ещё не вернулись, { $attempts ->
    [one] { $attempts } попытка
    [few] { $attempts } попытки
   *[many] { $attempts } попыток
}: { $error }. Следующая: { $at }.
admin-refund-refused = ⚠️ Платёжная система отказала: { $error }. Отправьте деньги другим способом и отметьте это здесь.
admin-by-hand = ✔️ Отправлено другим способом
admin-by-hand-sure = Отметить платёж № { $id } возвращённым? Бот ничего не отправит, а человеку сообщат, что <b>{ $amount }</b> вернулись.
admin-by-hand-yes = Да, деньги отправлены
admin-by-hand-done = Отмечен возвращённым
