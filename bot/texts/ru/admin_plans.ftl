# Тарифы и цены
admin-plans = 🏷 <b>Тарифы и цены</b>

    В том порядке, в каком их видят покупатели; 🟢 — продаётся.
admin-plans-none = 🏷 Тарифов пока нет, купить нечего.
admin-plan-add = ➕ Добавить тариф
admin-plan-price = Цена: { $money } или { $stars }
admin-plan-days = Срок: { $days }
admin-plan-devices = Устройств: { $count }
admin-plan-traffic = Трафик: { $limit }
admin-plan-on-sale = 🟢 Продаётся
admin-plan-off-sale = ⚪️ Не продаётся
admin-plan-currency = ⚠️ Магазин теперь считает в { $currency }: сначала задайте цену заново.
admin-plan-on = 🟢 Выставить на продажу
admin-plan-off = ⚪️ Снять с продажи
admin-plan-up = ↑ Выше
admin-plan-down = ↓ Ниже
admin-gigabytes = { $count } ГБ
admin-edit-price = ✏️ Цена
admin-edit-stars = ✏️ Цена в Stars
admin-edit-days = ✏️ Дни
admin-edit-devices = ✏️ Устройства
admin-edit-traffic = ✏️ Трафик
admin-edit-ru = ✏️ Название по-русски
admin-edit-en = ✏️ По-английски
admin-ask-price = Пришлите цену в { $currency }: <code>299</code> или <code>299,50</code>.
admin-ask-stars = Пришлите цену в Stars, от 1 до 100 000.
admin-ask-days = На сколько дней? От 1 до 3660. Подпиской в Stars может быть только тариф на 30 дней.
admin-ask-devices = На сколько устройств? <code>0</code> — на любое число.
admin-ask-traffic = Сколько гигабайт трафика? <code>0</code> — без ограничения.
admin-ask-ru = Пришлите название по-русски, не длиннее 48 знаков.
admin-ask-en = Пришлите название по-английски, не длиннее 48 знаков.
