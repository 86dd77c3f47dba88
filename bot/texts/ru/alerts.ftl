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
