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
    }, а у Telegram ждут: { $pending }. Последняя ошибка: { $error }
admin-worker-degraded = ⚠️ Фоновая задача { $worker } не удалась { $failures ->
        [one] { $failures } раз
        [few] { $failures } раза
       *[many] { $failures } раз
    } подряд. Она повторяется сама, всё реже. Последняя ошибка: { $error }
admin-worker-recovered = ✅ Фоновая задача { $worker } снова работает.
