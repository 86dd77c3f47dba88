# Workers
admin-workers = ⚙️ <b>Workers</b>
admin-workers-none = ⚙️ No worker runs in this process.
admin-worker-times = Every { $every }, at most { $deadline } at a time
admin-worker-last = Last: { $last }; ticks in all: { $ticks }
admin-worker-next = Next: in { $next }
admin-worker-connections = Connections: { $held } of { $most }
admin-worker-fails = ⚠️ Failures in a row: { $count }. { $error }
admin-worker-runs = runs for { $since }
admin-worker-not-yet = not yet
admin-worker-ended = { $ago } ago, took { $took }
admin-worker-run = ▶️ Run now
admin-worker-woken = It runs
admin-seconds = { $count } s
admin-milliseconds = { $count } ms
