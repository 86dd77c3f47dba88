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
admin-worker-degraded = ⚠️ The worker { $worker } has failed { $failures } times in a row. It is retried by itself, after growing pauses. Last error: { $error }
admin-worker-recovered = ✅ The worker { $worker } works again.
