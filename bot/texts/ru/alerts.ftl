# Администраторам
admin-dead-letter = ⚠️ Обновление { $update } ({ $kind }) не удалось обработать после { $tries ->
        [one] { $tries } попытки
        [few] { $tries } попыток
       *[many] { $tries } попыток
    }. Оно сохранено в dead_letters.
admin-webhook-repaired = ⚠️ Вебхук был изменён кем-то другим и установлен заново. Ждут доставки: { $pending }.
admin-updates-silent = ⚠️ Обновлений нет уже { $minutes ->
        [one] { $minutes } минуту
        [few] { $minutes } минуты
       *[many] { $minutes } минут
    }, а у Telegram ждут доставки: { $pending }. Вебхук установлен заново, обновления не пропадут.
    { $cause ->
        [secret] Telegram присылал чужой секрет: кто-то установил вебхук по тому же адресу. Если это повторится, смените токен у @BotFather.
        [not-ready] Бот отвечал, что не готов: посмотрите /health/ready.
        [other-server] По адресу вебхука отвечает не бот: проверьте прокси и PUBLIC_URL.
        [certificate] Telegram не принимает сертификат: проверьте его срок и цепочку.
        [unreachable] Telegram не может соединиться с сервером: проверьте DNS, порт и файрвол.
       *[unknown] Telegram не называет причины.
    }
    Последняя ошибка: { $error }
admin-updates-back = ✅ Обновления снова приходят. Ждут доставки: { $pending }.
admin-worker-degraded = ⚠️ Фоновая задача { $worker } не удалась { $failures ->
        [one] { $failures } раз
        [few] { $failures } раза
       *[many] { $failures } раз
    } подряд. Она повторяется сама, всё реже. Последняя ошибка: { $error }
admin-worker-recovered = ✅ Фоновая задача { $worker } снова работает.
