"""Every metric of the process, in one registry: the names an operator's dashboards rely on.

A module counts where the thing happens; this one only says what is counted and in which unit.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

UPDATES = Counter(
    "warren_updates", "Updates by kind and outcome.", ["kind", "outcome"], registry=REGISTRY
)
HANDLER_SECONDS = Histogram(
    "warren_handler_seconds",
    "Time spent in a handler, its transactions and its sends.",
    ["handler"],
    buckets=_FAST,
    registry=REGISTRY,
)
WEBHOOK_REQUESTS = Counter(
    "warren_webhook_requests", "Webhook requests by status.", ["status"], registry=REGISTRY
)
WEBHOOK_IN_FLIGHT = Gauge(
    "warren_webhook_in_flight", "Webhook requests that wait for their answer.", registry=REGISTRY
)

LANE_WAIT_SECONDS = Histogram(
    "warren_lane_wait_seconds",
    "Wait for a slot of a lane of the connection budget.",
    ["lane"],
    buckets=_FAST,
    registry=REGISTRY,
)
LANE_BORROWED = Gauge(
    "warren_lane_borrowed", "Slots of a lane in use now.", ["lane"], registry=REGISTRY
)
POOL_SIZE = Gauge("warren_pool_size", "Open pooled connections.", registry=REGISTRY)
POOL_IDLE = Gauge("warren_pool_idle", "Pooled connections that nobody uses.", registry=REGISTRY)

API_CALLS = Counter(
    "warren_telegram_calls",
    "Calls to the Bot API by method and result.",
    ["method", "result"],
    registry=REGISTRY,
)
API_SECONDS = Histogram(
    "warren_telegram_call_seconds",
    "Duration of calls to the Bot API, retries and waits included.",
    ["method"],
    buckets=_FAST,
    registry=REGISTRY,
)

PAYMENT_CALLS = Counter(
    "warren_payment_calls",
    "Calls to payment providers by call and result.",
    ["provider", "call", "result"],
    registry=REGISTRY,
)
PAYMENT_SECONDS = Histogram(
    "warren_payment_call_seconds",
    "Duration of calls to payment providers, retries included.",
    ["provider", "call"],
    buckets=_FAST,
    registry=REGISTRY,
)

VPN_CALLS = Counter(
    "warren_vpn_calls",
    "Calls to VPN hosts by host, operation and result.",
    ["host", "operation", "result"],
    registry=REGISTRY,
)
VPN_SECONDS = Histogram(
    "warren_vpn_call_seconds",
    "Duration of calls to VPN hosts, retries and waits included.",
    ["host", "operation"],
    buckets=_FAST,
    registry=REGISTRY,
)
VPN_BREAKER = Gauge(
    "warren_vpn_breaker",
    "The circuit breaker of a VPN host: 0 closed, 1 half-open, 2 open.",
    ["host"],
    registry=REGISTRY,
)

LOOP_LAG_SECONDS = Histogram(
    "warren_loop_lag_seconds",
    "How late the event loop wakes a task that asked for a short sleep.",
    buckets=_FAST,
    registry=REGISTRY,
)
WORKER_TICKS = Counter(
    "warren_worker_ticks", "Ticks of workers by result.", ["worker", "result"], registry=REGISTRY
)
WORKER_TICK_SECONDS = Histogram(
    "warren_worker_tick_seconds",
    "Duration of a worker's tick.",
    ["worker"],
    buckets=_FAST,
    registry=REGISTRY,
)
WORKER_DEGRADED = Gauge(
    "warren_worker_degraded",
    "1 after several failed ticks in a row, until one succeeds.",
    ["worker"],
    registry=REGISTRY,
)
SERVER_CRASHES = Counter(
    "warren_server_crashes",
    "Times a server had to be started again.",
    ["server"],
    registry=REGISTRY,
)
CONNECTION_ERRORS = Counter(
    "warren_connection_errors",
    "HTTP connections ended by an error in the protocol code.",
    ["server"],
    registry=REGISTRY,
)
PAYMENT_NOTICES = Counter(
    "warren_payment_notices",
    "Notices of payment providers by provider and status of the answer.",
    ["provider", "status"],
    registry=REGISTRY,
)
PAYMENTS_FOUND = Counter(
    "warren_payments_found",
    "Payments and refunds that no notice told of, found by asking the provider.",
    ["provider", "status"],
    registry=REGISTRY,
)
VPN_JOBS = Counter(
    "warren_vpn_jobs",
    "VPN jobs carried out by the activation worker, by result.",
    ["result"],
    registry=REGISTRY,
)
RECONCILED = Counter(
    "warren_reconciled_clients",
    "Clients of VPN hosts that reconciliation found, by what became of them.",
    ["result"],
    registry=REGISTRY,
)
NOTICES = Counter(
    "warren_notices",
    "Notices that left the outbox, by kind and result.",
    ["kind", "result"],
    registry=REGISTRY,
)
UNPROVISIONED = Gauge(
    "warren_unprovisioned",
    "Access that was paid for or given more than 2 minutes ago and isn't on its host.",
    registry=REGISTRY,
)
PAYMENTS_TO_LOOK_AT = Gauge(
    "warren_payments_to_look_at",
    "Payments in review, and refunds whose money isn't back.",
    registry=REGISTRY,
)
READY = Gauge("warren_ready", "1 while updates can take effect, else 0.", registry=REGISTRY)
LEADER = Gauge("warren_leader", "1 while the advisory lock is held.", registry=REGISTRY)
