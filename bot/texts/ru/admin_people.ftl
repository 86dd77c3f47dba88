# Поиск человека
admin-find-whom = 🔎 Пришлите id, @username или часть имени.
admin-find-again = 🔎 Найти другого
admin-found = Кто из них?
admin-nobody = По запросу «{ $words }» никого нет. Бот знает только тех, кто ему писал.

# Один человек
admin-person-balance = Баланс: { $balance }
admin-person-known = С нами с { $since }, последний раз { $seen }
admin-person-referrer = Кто пригласил: { $id }
admin-person-blocked = 🚫 Бот заблокирован { $at }
admin-person-banned = ⛔️ Доступ к боту закрыт { $at }
admin-person-access = 🔑 Доступ
admin-person-adjust = 👛 Баланс
admin-person-payments = 🧾 Платежи
admin-person-history = 📖 История
admin-ban = ⛔️ Закрыть бота
admin-unban = Открыть бота
admin-is-banned = Бот для него закрыт. Оплаченный VPN остаётся.
admin-is-unbanned = Бот снова открыт
admin-ban-admin = Администратору бота закрыть нельзя

# Доступ
admin-access = 🔑 Доступ: <b>{ $name }</b>
admin-access-none = Доступ: ещё не было
admin-access-over = Доступ закончился { $until }
admin-access-runs = Доступ до <b>{ $until }</b>, осталось: { $left }
admin-access-trial = Пробный период до <b>{ $until }</b>, осталось: { $left }
admin-access-choose = Дни прибавляются к концу того, что есть, и отнимаются от него. Человек получит сообщение.
admin-access-other = Другое число, с причиной
admin-access-days = Пришлите число дней и через пробел причину: <code>14 сервер был недоступен</code>. С минусом дни отнимаются.
admin-access-end = Закончить сразу
admin-access-end-sure = Закончить доступ сейчас? Всё оставшееся время пропадёт, человек получит сообщение. Деньги при этом не возвращаются: для этого есть возврат платежа.
admin-access-end-yes = Да, закончить
admin-access-ended = Доступ закончен
admin-access-changed = Готово, человеку сообщили
admin-no-access = Отнимать нечего: доступа нет
admin-not-days = Это не число дней.

# Баланс
admin-balance-amount = Баланс: <b>{ $balance }</b>

    На сколько изменить? Пришлите сумму: <code>300</code> добавит, <code>-300</code> спишет.
admin-balance-add = { $name }: будет добавлено <b>{ $amount }</b>.

    Пришлите причину, и баланс изменится. Причина останется в истории, человеку сообщат сумму.
admin-balance-take = { $name }: будет списано <b>{ $amount }</b>.

    Пришлите причину, и баланс изменится. Причина останется в истории, человеку сообщат сумму.
admin-balance-too-small = Не хватает { $missing }: баланс не бывает меньше нуля.
admin-not-an-amount = Это не сумма.

# История
admin-history = 📖 <b>{ $name }</b>
admin-history-empty = Пока ничего не было.
admin-event-payment = 💳 Платёж № { $id }: { $amount }, { $provider }, { $state }
admin-event-purchase = 🛒 Заказ № { $id }, { $item }: { $amount }, { $state }
admin-event-ledger = 👛 { $amount }, { $reason }; на балансе { $balance }
admin-event-access = 🔑 { $time }, { $source }
admin-event-audit = 🛠 { $action } (администратор { $admin })
admin-event-promo = 🎟 Промокод { $code }
admin-item-access = доступ
admin-item-topup = пополнение
admin-item-gift = подарок
admin-item-unknown = неизвестно
admin-purchase-pending = ещё не оплачен
admin-purchase-review = на проверке
admin-purchase-refunded = возвращён
admin-purchase-expired = не оплачен вовремя
admin-purchase-canceled = отменён
admin-ledger-topup = пополнение
admin-ledger-purchase = покупка
admin-ledger-referral = за друга
admin-ledger-promo = промокод
admin-ledger-adjustment = исправление
admin-ledger-refund = возврат
admin-source-trial = пробный период
admin-source-purchase = покупка
admin-source-gift = подарок
admin-source-promo = промокод
admin-source-admin = вручную
admin-source-conversion = пересчёт на другой тариф
admin-source-refund = возврат
