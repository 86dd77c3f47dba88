# Кнопки под уведомлениями
button-connect = 🔌 Подключиться
button-access = 🔑 Мой доступ
button-buy = 🛒 Выбрать тариф
button-balance = 👛 Баланс
button-gifts = 🎁 Подарки
button-reviews = 🧾 Платежи на разбор

# Доступ
notice-access-delayed = ⏳ Доступ появится позже обычного: сервер пока не отвечает. Ничего не потеряно, мы продолжаем пробовать и напишем, как только всё заработает.
notice-access-ready = ✅ Сервер снова на связи, ваш доступ работает. Спасибо, что подождали!
notice-access-given = 🎁 Вам добавили доступ: теперь он действует до <b>{ $expires_at }</b>.
notice-access-taken = Срок вашего доступа сократили: теперь он действует до <b>{ $expires_at }</b>. Если это ошибка, напишите в /paysupport
notice-expires-in-3-days = Доступ закончится { $expires_at }. Продлить его можно в два касания: оставшиеся дни сохранятся.
notice-expires-in-a-day = Осталось меньше суток: доступ закончится { $expires_at }.
notice-expires-in-3-hours = ⚠️ Осталось меньше трёх часов: доступ закончится { $expires_at }. Продлите сейчас, и связь не прервётся.

# Пробный период
notice-trial-started = Как связь? Если что-то не получается, откройте «Подключиться»: на любом устройстве это минута. Пробный период действует до { $expires_at }.
notice-trial-ends-in-a-day = Пробный период закончится { $expires_at }. Выберите тариф, и всё останется настроенным.
notice-trial-ends-in-3-hours = ⚠️ До конца пробного периода меньше трёх часов: он закончится { $expires_at }.
notice-trial-ended = Пробный период закончился. Ваш ключ сохранён: выберите тариф, и он сразу заработает снова, настраивать ничего не нужно.
notice-trial-missed = Ваш ключ всё ещё здесь. Одно касание по тарифу, и он снова работает.

# Деньги
notice-access-paid = ✅ Оплачено: { $amount }. { $renewal ->
        [1] Доступ продлён
       *[0] Доступ готов
    } и действует до <b>{ $expires_at }</b>.
notice-access-renewed = ✅ Доступ продлён с баланса за { $amount } и действует до <b>{ $expires_at }</b>.
notice-topup-paid = ✅ На баланс зачислено { $value }. Теперь на нём { $balance }.
notice-gift-paid = 🎁 Подарок оплачен. Ссылка на него в разделе «Подарки»: отправьте её кому захотите.
notice-gift-claimed = 🎁 Ваш подарок открыт: друг получил { $days ->
        [one] { $days } день
        [few] { $days } дня
       *[many] { $days } дней
    } доступа.
notice-gift-withdrawn = Деньги за подаренный вам доступ вернули покупателю, поэтому подаренное время ({ $duration }) списано.
notice-payment-review = Мы получили ваш платёж на { $amount }, но он не совпал с заказом, и его сейчас смотрит человек. Ничего не потеряно: вы получите доступ или деньги обратно.
notice-payment-refunded = ↩️ Платёж на { $amount } возвращён.
notice-referral-reward = 🎉 Ваш друг оплатил доступ: вам на баланс зачислено { $amount }. Теперь на нём { $balance }.
notice-balance-adjusted = Баланс изменён на { $amount }. Теперь на нём { $balance }.
notice-renewal-no-funds = Доступ закончится { $expires_at }, а для продления ({ $amount }) на балансе не хватает { $missing }. Пополните его, и доступ продлится сам.
notice-renewal-plan-gone = Доступ закончится { $expires_at }. Ваш тариф больше не продаётся и сам не продлится: выберите, пожалуйста, другой.

# Администраторам
notice-vpn-host-stuck = ⚠️ VPN-сервер { $host } не принимает клиентов: попытки не удаются. Людям сказано, что это займёт больше времени. Как только сервер вернётся, всё продолжится само.
notice-reconciliation-stopped = ⚠️ Сверка с { $host } никого не удалила: на сервере клиентов { $on_host }, по базе нужно { $wanted }, неизвестных { $unknown }. Тот ли это сервер и та ли база?
notice-admin-payment-review = ⚠️ Платёж ждёт решения: { $amount }, { $provider } ({ $reason ->
        [amount] сумма не та, что в заказе
        [unknown_purchase] неизвестно за что
        [another_person] чужой заказ
       *[paid_twice] заказ уже был оплачен
    }).
notice-admin-refund-unknown = ⚠️ { $provider } вернул { $amount } за платёж, которого здесь не видели (№ { $payment_id }).
notice-admin-refund-partial = ⚠️ { $provider } вернул { $amount }, часть платежа № { $payment_id }. Ничего не списано: решите, пожалуйста.
notice-admin-refund-arrived = ↩️ { $provider } вернул { $amount } (платёж № { $payment_id }). То, за что платили, списано.
notice-admin-refund-shortfall = ⚠️ Возврат платежа № { $payment_id }: у пользователя { $user_id } не удалось списать { $amount }, они уже потрачены.
notice-admin-refund-impossible = ⚠️ Платёж № { $payment_id } нельзя вернуть через его систему: { $error }. Верните деньги вручную и отметьте это.
notice-admin-refund-stuck = ⚠️ Возврат платежа № { $payment_id } не удаётся: { $error }. Попытки продолжаются.
