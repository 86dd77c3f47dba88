# VPN-серверы
admin-hosts = 🖥 <b>VPN-серверы</b>

    Сколько клиентов из скольких. 🟢 принимает людей, 🔴 не отвечает, 🟡 на обслуживании, ⚫️ выведен.
admin-hosts-none = 🖥 VPN-серверов пока нет. Первый задают VPN_API_URL, VPN_API_KEY и VPN_SHARE_LINK.
admin-host-load = Клиентов: { $load }, вес { $weight }
admin-host-well = Отвечает ✅
admin-host-away = ⚠️ Не отвечает. Новых людей он пока не получает.
admin-host-is-active = Состояние: работает, принимает новых людей
admin-host-is-maintenance = Состояние: на обслуживании, новых не принимает, прежние остаются
admin-host-is-retired = Состояние: выведен, бот им больше не занимается
admin-host-to-active = 🟢 Ввести в работу
admin-host-to-maintenance = 🟡 На обслуживание
admin-host-to-retired = ⚫️ Вывести
admin-host-retire-sure = Вывести <b>{ $name }</b>? Бот перестанет им заниматься: { $clients ->
    [one] { $clients } клиента
    [few] { $clients } клиентов
   *[many] { $clients } клиентов
} на нём он больше не продлит и не удалит.
admin-host-retire-yes = Да, вывести

# Доступ, которого нет там, где он должен быть
admin-provisioned = 🩺 Всё выданное есть на серверах. ✅
admin-unprovisioned = 🩺 <b>{ $count ->
    [one] { $count } доступ ещё не на сервере
    [few] { $count } доступа ещё не на сервере
   *[many] { $count } доступов ещё не на сервере
}</b>

    Бот продолжает пробовать. ⚠️ — дольше обычного, человека предупредили.
admin-unprovisioned-one = { $id }, сервер { $host }: ждёт { $since }, { $attempts ->
    [one] { $attempts } попытка
    [few] { $attempts } попытки
   *[many] { $attempts } попыток
}
admin-no-host = нигде нет места
