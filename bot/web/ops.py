"""The operators' Quart application: health, readiness, metrics, and the tree of tasks."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import trio
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from quart import Response, render_template
from quart_trio import QuartTrio

from bot import metrics, task_tree
from bot.db.pool import PoolStats
from bot.readiness import Readiness
from bot.supervise import WorkerStatus
from bot.telegram.types import WebhookInfo

_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class OpsFacts:
    """Where the answers come from; nothing here waits for a peer."""

    readiness: Readiness
    pool: Callable[[], PoolStats]
    workers: Callable[[], Sequence[WorkerStatus]]
    peers: Callable[[], Mapping[str, str | None]]
    last_update_at: Callable[[], float | None]
    webhook: Callable[[], WebhookInfo | None] = lambda: None

    def summary(self) -> dict[str, Any]:
        """Return the whole state; `status` is ok, degraded, or the phase before and after."""
        readiness = self.readiness
        workers = [_worker(status) for status in self.workers()]
        peers = dict(self.peers())
        unwell = [name for name, answer in peers.items() if answer is not None]
        failing = [worker["name"] for worker in workers if worker["degraded"]]
        status: str = readiness.phase.value
        complaint = readiness.complaint()
        if readiness.ready:
            status = "degraded" if complaint or unwell or failing else "ok"
        last = self.last_update_at()
        return {
            "status": status,
            "phase": readiness.phase.value,
            "reason": complaint,
            "phase_seconds": round(trio.current_time() - readiness.since, 1),
            "last_update_seconds_ago": None if last is None else _ago(last),
            "webhook": _webhook(self.webhook()),
            "peers": peers,
            "database": _pool(self.pool()),
            "workers": workers,
        }


def make_ops_app(facts: OpsFacts) -> QuartTrio:
    """Return the application that OPS_BIND serves."""
    app = QuartTrio(__name__)
    app.jinja_env.filters["span"] = _span
    app.config.update(RESPONSE_TIMEOUT=10, BODY_TIMEOUT=5, MAX_CONTENT_LENGTH=1024)

    @app.get("/health")
    async def health() -> dict[str, Any]:
        return facts.summary()

    @app.get("/health/live")
    async def live() -> dict[str, Any]:
        return {"live": True}

    @app.get("/health/ready")
    async def ready() -> tuple[dict[str, Any], int]:
        reason = facts.readiness.complaint()
        return {"ready": reason is None, "reason": reason}, 200 if reason is None else 503

    @app.get("/metrics")
    async def prometheus() -> Response:
        return Response(generate_latest(metrics.REGISTRY), content_type=CONTENT_TYPE_LATEST)

    @app.get("/tasks.json")
    async def tasks_json() -> dict[str, Any]:
        root = task_tree.snapshot()
        return facts.summary() | {"tasks": root.to_json() if root else None}

    @app.get("/tasks")
    async def tasks() -> str:
        return await render_template("tasks.html", root=task_tree.snapshot(), facts=facts.summary())

    @app.after_request
    async def no_store(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    return app


def _span(seconds: float) -> str:
    """Return a duration as a person reads it: 0.35 s, 12 s, 4 min, 2 h."""
    if seconds < 0:
        return "now"
    if seconds < 10:
        return f"{seconds:.2g} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def _ago(at: float) -> float:
    return round(trio.current_time() - at, 1)


def _pool(stats: PoolStats) -> dict[str, Any]:
    plain = dataclasses.asdict(stats)
    for lane in plain["lanes"]:
        lane["holders"] = [
            {"task": holder["task"], "seconds": _ago(holder["since"])} for holder in lane["holders"]
        ]
    return plain


def _webhook(info: WebhookInfo | None) -> dict[str, Any] | None:
    """Return what Telegram said of the webhook when it was last asked."""
    if info is None:
        return None
    return {
        "url": info.url,
        "pending": info.pending_update_count,
        "last_error": info.last_error_message,
        "last_error_date": info.last_error_date,
    }


def _worker(status: WorkerStatus) -> dict[str, Any]:
    return {
        "name": status.name,
        "purpose": status.purpose,
        "interval_seconds": status.interval_seconds,
        "deadline_seconds": status.deadline_seconds,
        "running": status.running_since is not None,
        "running_for_seconds": None if status.running_since is None else _ago(status.running_since),
        "connections": status.connections,
        "connections_held": status.connections_held,
        "last_ended_seconds_ago": None if status.last_ended is None else _ago(status.last_ended),
        "last_duration_seconds": status.last_duration and round(status.last_duration, 3),
        "next_in_seconds": round(status.next_at - trio.current_time(), 1),
        "ticks": status.ticks,
        "failures_in_a_row": status.failures_in_a_row,
        "last_error": status.last_error,
        "degraded": status.degraded,
    }
