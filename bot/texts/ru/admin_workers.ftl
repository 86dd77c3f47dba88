# Процессы
admin-workers = ⚙️ <b>Фоновые процессы</b>
admin-workers-none = ⚙️ Процессы здесь не запущены.
admin-worker-times = Раз в { $every }, не дольше { $deadline }
admin-worker-last = Последний запуск: { $last }; всего: { $ticks }
admin-worker-next = Следующий: через { $next }
admin-worker-connections = Соединений: { $held } из { $most }
admin-worker-fails = ⚠️ Ошибок подряд: { $count }. { $error }
admin-worker-runs = идёт { $since }
admin-worker-not-yet = ещё не было
admin-worker-ended = { $ago } назад, за { $took }
admin-worker-run = ▶️ Запустить сейчас
admin-worker-woken = Запущен
admin-seconds = { $count } с
admin-milliseconds = { $count } мс
