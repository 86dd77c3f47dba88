# Первый экран управления и то, что есть у всех его экранов
admin-desk = 🛠 <b>Управление</b>

    Всё, что вы здесь меняете, остаётся в журнале.
admin-to-statistics = 📊 Статистика
admin-to-find = 🔎 Найти человека
admin-to-payments = 🧾 Спорные платежи
admin-to-broadcasts = 📣 Рассылки
admin-to-plans = 🏷 Тарифы и цены
admin-to-promos = 🎟 Промокоды
admin-to-unprovisioned = 🩺 Не выдано
admin-to-hosts = 🖥 VPN-серверы
admin-to-workers = ⚙️ Процессы
admin-to-audit = 📜 Журнал
admin-to-switches = 🚧 Обслуживание и продажи
admin-cancel = ✖️ Отмена
admin-refresh = 🔄 Обновить
admin-newer = ← Новее
admin-older = Старше →
admin-provider-stars = Stars
admin-provider-telegram_payments = Telegram Payments
admin-provider-yookassa = ЮKassa
admin-provider-cryptopay = Crypto Pay
admin-provider-balance = баланс

# Что делают администраторы, словами журнала
admin-deed-access-give = добавлено время
admin-deed-access-take = убавлено время
admin-deed-balance-adjust = исправлен баланс
admin-deed-payment-grant = зачтён платёж
admin-deed-payment-refund = возвращён платёж
admin-deed-payment-refund-by-hand = возврат сделан вручную
admin-deed-plan-add = добавлен тариф
admin-deed-plan-change = изменён тариф
admin-deed-plan-on-sale = тариф выставлен на продажу
admin-deed-plan-off-sale = тариф снят с продажи
admin-deed-plan-move = тариф переставлен
admin-deed-promo-create = создан промокод
admin-deed-promo-activate = промокод включён
admin-deed-promo-deactivate = промокод выключен
admin-deed-broadcast-start = рассылка запущена
admin-deed-broadcast-pause = рассылка приостановлена
admin-deed-broadcast-cancel = рассылка отменена
admin-deed-host-state = изменён сервер
admin-deed-switch = переключено
admin-deed-ban = доступ к боту закрыт
admin-deed-unban = доступ к боту открыт
admin-changed = Готово
admin-gone = Этого уже нет
admin-no-limit = без ограничения
admin-not-possible = Так не получится.
