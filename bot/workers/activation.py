"""Makes VPN hosts agree with the database: drains the jobs that the shop's commits wrote.

Claim a batch, let go of the connection, call the hosts side by side, write the results. Woken
by a commit, so that what was bought works within seconds. Cancelled at any point, a job is
either noted as done or claimed again once its lease is over; the calls are idempotent.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
import trio

from bot import metrics
from bot.db import Lane
from bot.shop.vpn_jobs import VpnJob, claim_jobs, jobs_done, jobs_failed
from bot.vpn.errors import VpnError
from bot.vpn.gateway import ensure_user_in_xray
from bot.vpn.hosts import Hosts
from bot.vpn.share_link import parse_share_link
from bot.vpn.types import ClientSpec, HostAddress, HostId

log = structlog.get_logger(__name__)

_BATCH = 50
_CALLS_SECONDS = 20.0
LEASE = timedelta(seconds=60)
DEADLINE = timedelta(seconds=45)
_LAST_BATCH_STARTS_BEFORE = 20.0


class Activation:
    """The tick that drains VPN jobs."""

    def __init__(self, lane: Lane, hosts: Hosts, *, clock: Callable[[], datetime]) -> None:
        self._lane = lane
        self._hosts = hosts
        self._clock = clock

    async def tick(self) -> None:
        """Carry out what is due, batch by batch; the rest waits for the next tick."""
        started = trio.current_time()
        while trio.current_time() - started < _LAST_BATCH_STARTS_BEFORE:
            jobs = await claim_jobs(self._lane, self._clock(), limit=_BATCH, lease=LEASE)
            if not jobs:
                return
            await self._carry_out(jobs)

    async def _carry_out(self, jobs: Sequence[VpnJob]) -> None:
        # A call that the deadline cut off has neither result: it is noted as a failure, since
        # what the host did of it is unknown.
        results: dict[VpnJob, str | None] = dict.fromkeys(jobs, "the host did not answer in time")
        with trio.move_on_after(_CALLS_SECONDS):
            async with trio.open_nursery() as nursery:
                for job in jobs:
                    nursery.start_soon(self._call, job, results, name=f"vpn job {job.uuid}")
        now = self._clock()
        done = [job for job, error in results.items() if error is None]
        await jobs_done(self._lane, done, now)
        failed = [(job, error) for job, error in results.items() if error is not None]
        await jobs_failed(self._lane, failed, now)
        metrics.VPN_JOBS.labels("done").inc(len(done))
        metrics.VPN_JOBS.labels("failed").inc(len(failed))

    async def _call(self, job: VpnJob, results: dict[VpnJob, str | None]) -> None:
        address = HostAddress(HostId(job.host_id), job.host_url, job.host_key)
        try:
            spec = ClientSpec(
                uuid=job.uuid,
                label=job.label,
                flow=parse_share_link(job.share_link).flow,
                expires_at=job.expires_at,
                traffic_limit_bytes=job.traffic_limit_bytes,
            )
            change = await ensure_user_in_xray(self._hosts.host(address), spec, wanted=job.present)
        except VpnError as error:
            results[job] = str(error)
            log.info("vpn.job_failed", host=job.host_id, attempts=job.attempts, error=str(error))
        else:
            results[job] = None
            log.info("vpn.job_done", host=job.host_id, change=change.value)
