# For administrators
admin-dead-letter = ⚠️ Update { $update } ({ $kind }) could not be handled after { $tries ->
        [one] { $tries } try
       *[other] { $tries } tries
    }. It is kept in dead_letters.
admin-webhook-repaired = ⚠️ Somebody had changed the webhook; it was set again. Waiting for delivery: { $pending }.
admin-updates-silent = ⚠️ No updates for { $minutes ->
        [one] { $minutes } minute
       *[other] { $minutes } minutes
    }, while Telegram holds { $pending }. The webhook was set again; no update is lost.
    { $cause ->
        [secret] Telegram sent a secret that isn't ours: somebody set the webhook to the same address. If it happens again, get a new token from @BotFather.
        [not-ready] The bot answered that it isn't ready: look at /health/ready.
        [other-server] What answers at the webhook's address is not the bot: check the proxy and PUBLIC_URL.
        [certificate] Telegram doesn't accept the certificate: check that it is valid and complete.
        [unreachable] Telegram can't connect to the server: check DNS, port and firewall.
       *[unknown] Telegram names no reason.
    }
    Last error: { $error }
admin-updates-back = ✅ Updates are coming again. Waiting for delivery: { $pending }.
admin-worker-degraded = ⚠️ The worker { $worker } has failed { $failures } times in a row. It is retried by itself, after growing pauses. Last error: { $error }
admin-worker-recovered = ✅ The worker { $worker } works again.
