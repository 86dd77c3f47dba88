# Промокоды
admin-promos = 🎟 <b>Промокоды</b>

    🟢 — можно ввести.
admin-promos-none = 🎟 Промокодов пока нет.
admin-promo-add = ➕ Новый код
admin-promo-used = Использован: { $uses } из { $most }
admin-promo-until = Действует до: { $until }
admin-promo-is-on = 🟢 Можно ввести
admin-promo-is-off = ⚪️ Выключен
admin-promo-over = ⌛️ Его срок вышел
admin-promo-on = 🟢 Включить
admin-promo-off = ⚪️ Выключить
admin-promo-what = Что даёт код?
admin-promo-kind-days = 🔑 Дни доступа
admin-promo-kind-percent = 🏷 Скидку на покупку
admin-promo-kind-balance = 👛 Деньги на баланс
admin-promo-ask-code = Пришлите код: от 3 до 32 знаков из A–Z, 0–9, «-» и «_». Строчные буквы станут прописными.
admin-promo-ask-days = Сколько дней он даёт?
admin-promo-ask-percent = На сколько процентов дешевле покупка? От 1 до 100.
admin-promo-ask-balance = Сколько придёт на баланс, в { $currency }?
admin-promo-ask-uses = Сколько раз его можно использовать всего? <code>0</code> — без ограничения. Каждому — один раз.
admin-promo-ask-valid = Сколько дней, считая с этой минуты, он действует? <code>0</code> — без ограничения.
admin-promo-taken = Такой код уже есть.
