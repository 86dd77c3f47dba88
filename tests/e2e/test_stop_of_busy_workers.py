"""SIGTERM at random moments while every worker works: nothing is left behind, nothing is lost."""

import random
from pathlib import Path

import pytest
import trio

from tests.e2e.conftest import TestDatabase
from tests.e2e.harness import StandIn, bot_process, settings_for, stand_in
from tests.integration.shop.rows import SHARE_LINK
from tests.integration.vpn.conftest import KEY, running_host

BUSY = Path(__file__).with_name("busy_bot.py")
PEOPLE = range(5001, 5007)
EACH_ROUND = 4

# People with numbers of their own: some whose time is over, and some who renew from a balance.
_WORK = """
    insert into notifications (chat_id, kind, key, created_at, run_at)
    select chat_id, 'access-ready', 'round-{round}', now(), now()
      from generate_series({first}, {last}) as chat_id;

    insert into users (id, first_name)
    select {base} + n, 'P' from generate_series(1, 3 * {each}) as n;

    insert into vpn_clients (uuid, host_id, user_id, label, desired, run_at, wanted_at)
    select gen_random_uuid(), 1, {base} + n, {base} + n, 'present', now(), now()
      from generate_series(1, {each}) as n;

    insert into subscriptions (user_id, vpn_uuid, link_token, host_id, plan_id, expires_at,
                               is_trial, auto_renew, created_at, updated_at)
    select {base} + {each} + n, gen_random_uuid(), {base} + {each} + n, 1,
           case when n > {each} then (select min(id) from plans) end,
           date_trunc('second', now()) + case when n > {each} then 12 else -48 end * interval '1 h',
           false, n > {each}, now() - interval '29 days', now()
      from generate_series(1, 2 * {each}) as n;

    insert into balances (user_id, currency, amount_minor)
    select {base} + 2 * {each} + n, 'RUB', 1000000 from generate_series(1, {each}) as n;
"""
_LEFT = """
    select (select count(*) from vpn_clients where applied_version < version),
           (select count(*) from notifications where sent_at is null and failed_at is null),
           (select count(*) from subscriptions where ended_at is null and expires_at < now()),
           (select count(*) from subscriptions s
             where auto_renew and not exists (select from purchases p
                                               where p.user_id = s.user_id and p.state = 'paid'))
"""
_LEASED = """
    select (select count(*) from vpn_clients where leased_until is not null
                                               and applied_version < version)
         + (select count(*) from notifications where leased_until is not null
                                                 and sent_at is null and failed_at is null)
"""
_RENEWED_TWICE = """
    select count(*) from (select user_id from purchases where state = 'paid'
                           group by user_id having count(*) > 1) as twice
"""


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [5, pytest.param(100, marks=pytest.mark.long)])
async def test_a_stop_at_any_moment_leaves_nothing_and_the_next_start_completes_it(
    database: TestDatabase, tmp_path: Path, rounds: int
) -> None:
    rng = random.Random(rounds)
    async with (
        stand_in(tmp_path, overall_per_second=1000) as telegram,
        running_host(within=60 * rounds) as host,
    ):
        settings = settings_for(
            telegram.address,
            database.dsn,
            VPN_API_URL=host.url,
            VPN_API_KEY=KEY,
            VPN_SHARE_LINK=SHARE_LINK,
            SAMPLE_PLANS="true",
        )
        async with bot_process("run", tmp_path, settings) as bot:
            await bot.until_ready()
            texts = [{"person": person, "text": "/start"} for person in PEOPLE]
            await telegram.post("batch", texts=texts)
            await telegram.until_delivered()
            assert (await bot.stop()).code == 0
        greeted = await received(telegram)

        longest = 0.0
        left_leased = 0
        for number in range(rounds):
            work = _WORK.format(
                round=number,
                first=PEOPLE[0],
                last=PEOPLE[-1],
                base=100_000 + 1000 * number,
                each=EACH_ROUND,
            )
            database.psql(work)
            folder = tmp_path / str(number)  # whose log begins anew
            folder.mkdir()
            async with bot_process("run", folder, settings, program=[str(BUSY)]) as bot:
                await bot.until_printed("leadership.held")
                await trio.sleep(rng.uniform(0, 1.5))
                ended = await bot.stop()
            assert ended.code == 0, bot.output
            assert database.traces() == ("0", "0"), f"round {number}"
            longest = max(longest, ended.seconds)
            left_leased += int(database.psql(_LEASED)) > 0

        async with bot_process("run", tmp_path, settings, program=[str(BUSY)]) as bot:

            async def all_done() -> bool:
                return database.psql(_LEFT) == "0|0|0|0"

            await telegram.until(all_done, seconds=60)
            assert (await bot.stop()).code == 0

        assert database.psql(_LEASED) == "0"
        assert database.psql(_RENEWED_TWICE) == "0"
        assert (await host.state())["users"] == 2 * EACH_ROUND * rounds
        notices = await received(telegram) - greeted
        # Only what was on its way to Telegram at the signal can come twice.
        assert notices >= rounds * len(PEOPLE)
        print(
            f"{rounds} stops, the longest {longest:.1f} s; {left_leased} left leases for the next "
            f"start; {notices - rounds * len(PEOPLE)} of {notices} notices came twice"
        )


async def received(telegram: StandIn) -> int:
    return sum([len(await telegram.answers(person)) for person in PEOPLE])
