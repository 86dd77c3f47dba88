# Рассылки
admin-broadcasts = 📣 <b>Рассылки</b>, начиная с последней
admin-broadcasts-none = 📣 Рассылок пока не было.
admin-broadcast-new = ➕ Новая рассылка
admin-broadcast-to-whom = Кому? Число — сколько человек её получат, если отправить сейчас: без тех, кто заблокировал бота.
admin-segment-everybody = Всем
admin-segment-active = С оплаченным доступом
admin-segment-trial = На пробном периоде
admin-segment-ended = Доступ закончился
admin-segment-never = Доступа не было
admin-segment-russian = Читают по-русски
admin-segment-english = Читают по-английски
admin-broadcast-message = Кому: <b>{ $segment }</b>, { $size ->
    [one] { $size } человек
    [few] { $size } человека
   *[many] { $size } человек
}.

    Пришлите сообщение: текст, картинку или файл. Все получат его таким, каким вы его пришлёте. Перед отправкой вы увидите его ещё раз.
admin-broadcast-not-copied = Такое сообщение Telegram не копирует. Пришлите другое.
admin-broadcast-sure = ⬆️ Вот что получат люди. Кому: <b>{ $segment }</b>, { $size ->
    [one] { $size } человек
    [few] { $size } человека
   *[many] { $size } человек
}. Не удаляйте своё сообщение из чата, пока рассылка не закончится.
admin-broadcast-start = 📣 Отправить
admin-broadcast-resume = ▶️ Продолжить
admin-broadcast-pause = ⏸ Приостановить
admin-broadcast-cancel = ✖️ Отменить совсем
admin-broadcast = 📣 <b>Рассылка № { $id }</b>: { $segment }
admin-broadcast-is-draft = 📝 Не начата
admin-broadcast-is-running = ▶️ Отправляется с той скоростью, какую разрешает Telegram; первые сообщения уйдут через несколько секунд.
admin-broadcast-is-paused = ⏸ Приостановлена и ждёт, когда вы её продолжите.
admin-broadcast-is-done = ✅ Закончена
admin-broadcast-is-canceled = ✖️ Отменена: больше никто её не получит.
admin-broadcast-sent = Отправлено: { $sent } из { $total }
admin-broadcast-failed = Не доставлено: { $count }. Эти люди заблокировали бота или не начинали с ним чат.
