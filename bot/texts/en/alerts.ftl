# For administrators
admin-dead-letter = ⚠️ Update { $update } ({ $kind }) could not be handled after { $tries ->
        [one] { $tries } try
       *[other] { $tries } tries
    }. It is kept in dead_letters.
admin-webhook-repaired = ⚠️ Somebody had changed the webhook; it was set again. Waiting for delivery: { $pending }.
admin-updates-silent = ⚠️ No updates for { $minutes ->
        [one] { $minutes } minute
       *[other] { $minutes } minutes
    }, while Telegram holds { $pending }. Last error: { $error }
