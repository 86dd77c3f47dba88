-- The shop: what is sold, what was paid, what access people have, and what they must be told.
--
-- Money is whole minor units with a currency (ISO 4217; XTR for Telegram Stars, which have none
-- smaller). Whatever must happen once has a key, and the key is unique here, not in the code.

create domain currency_code as text check (value ~ '^[A-Z]{3}$');

alter table users
    add column referrer_id bigint references users check (referrer_id <> id),
    add column banned_at   timestamptz,  -- by an administrator; null: may use the bot
    add column awaiting    text;         -- what the person's next words answer: a code, an amount …

create index users_referrer on users (referrer_id) where referrer_id is not null;


-- ---- what is sold ----

create table plans (
    id                  bigint generated always as identity primary key,
    title_ru            text          not null check (title_ru <> ''),
    title_en            text          not null check (title_en <> ''),
    duration_days       integer       not null check (duration_days between 1 and 3660),
    price_minor         bigint        not null check (price_minor > 0),
    currency            currency_code not null,
    price_stars         integer       not null check (price_stars between 1 and 100000),
    device_limit        integer       check (device_limit > 0),         -- null: no limit
    traffic_limit_bytes bigint        check (traffic_limit_bytes > 0),  -- null: no limit
    position            integer       not null default 0,
    active              boolean       not null default true,
    created_at          timestamptz   not null default now()
);

create table promo_codes (
    id          bigint generated always as identity primary key,
    code        text        not null unique check (code ~ '^[A-Z0-9_-]{3,32}$'),
    kind        text        not null check (kind in ('days', 'percent', 'balance')),
    value       bigint      not null check (value > 0),  -- days, percent, or minor units
    max_uses    integer     check (max_uses > 0),        -- null: no limit
    per_person  integer     not null default 1 check (per_person > 0),
    uses        integer     not null default 0,
    valid_from  timestamptz not null,
    valid_until timestamptz check (valid_until > valid_from),
    active      boolean     not null default true,
    created_by  bigint      not null,                    -- the administrator
    created_at  timestamptz not null default now(),
    check (kind <> 'percent' or value <= 100),
    constraint promo_codes_not_used_up check (max_uses is null or uses <= max_uses)
);

create table promo_uses (
    id            bigint generated always as identity primary key,
    promo_code_id bigint      not null references promo_codes,
    user_id       bigint      not null references users,
    number        integer     not null check (number > 0),  -- the person's first, second … use
    key           text        not null unique,              -- of the update that brought it
    used_at       timestamptz not null,
    unique (promo_code_id, user_id, number)
);

-- A percent code that was entered waits here for the person's next purchase.
create table discounts (
    user_id       bigint primary key references users,
    promo_code_id bigint      not null references promo_codes,
    percent       integer     not null check (percent between 1 and 100),
    entered_at    timestamptz not null
);


-- ---- what is bought and paid ----

create table purchases (
    id                  bigint generated always as identity primary key,
    user_id             bigint        not null references users,
    kind                text          not null check (kind in ('access', 'topup', 'gift')),
    plan_id             bigint        references plans,
    duration_days       integer       check (duration_days > 0),  -- as the plan was when bought
    device_limit        integer,
    traffic_limit_bytes bigint,
    amount_minor        bigint        not null check (amount_minor >= 0),   -- to be paid …
    currency            currency_code not null,                             -- … in this currency
    value_minor         bigint        not null check (value_minor >= 0),
    -- ^ the same in the shop's currency: what a top-up credits, what rewards and days count by
    list_minor          bigint        not null check (list_minor >= 0),
    -- ^ in the shop's currency too, before a discount
    provider            text          not null check (provider in (
                            'stars', 'telegram_payments', 'yookassa', 'cryptopay', 'balance')),
    recurring           boolean       not null default false,  -- a Stars subscription
    promo_code_id       bigint        references promo_codes,
    key                 text          unique,    -- of purchases that nobody taps: a renewal
    reference           text,                    -- the provider's own id of the invoice
    pay_url             text,
    state               text          not null default 'pending' check (state in (
                            'pending', 'paid', 'review', 'refunded', 'expired', 'canceled')),
    created_at          timestamptz   not null,
    expires_at          timestamptz   not null,
    paid_at             timestamptz,
    check (kind = 'topup' or (plan_id is not null and duration_days is not null))
);

-- Two taps on the same button are one purchase.
create unique index purchases_pending_once on purchases
    (user_id, kind, coalesce(plan_id, 0), provider, recurring, amount_minor, currency)
    where state = 'pending' and key is null;
create unique index purchases_reference on purchases (provider, reference)
    where reference is not null;
create index purchases_of_user on purchases (user_id, id);
create index purchases_pending on purchases (expires_at) where state = 'pending';
create index purchases_unpaid on purchases (provider, id)
    where reference is not null and state in ('pending', 'expired', 'canceled');

-- Money that came, whatever it turned out to be for.
create table payments (
    id            bigint generated always as identity primary key,
    provider      text          not null,
    charge_id     text          not null,
    purchase_id   bigint        references purchases,  -- null: nobody knows what for
    user_id       bigint        references users,
    amount_minor  bigint        not null check (amount_minor >= 0),
    currency      currency_code not null,
    state         text          not null check (state in (
                      'applied', 'review', 'refunding', 'refunded')),
    review_reason text check (review_reason in (
                      'amount', 'unknown_purchase', 'another_person', 'paid_twice')),
    paid_at       timestamptz   not null,
    received_at   timestamptz   not null,
    settled_by    bigint,                              -- the administrator who ended a review
    refunded_at   timestamptz,
    attempts      integer       not null default 0,    -- of the refund at the provider
    run_at        timestamptz,
    last_error    text,
    unique (provider, charge_id),
    check ((state = 'review') <= (review_reason is not null))
);

create index payments_of_purchase on payments (purchase_id);
create index payments_of_user on payments (user_id, id);
create index payments_by_day on payments (paid_at);
create index payments_to_look_at on payments (id) where state in ('review', 'refunding');

-- Append-only: a correction is another row.
create table ledger (
    id            bigint generated always as identity primary key,
    user_id       bigint        not null references users,
    amount_minor  bigint        not null check (amount_minor <> 0),
    balance_minor bigint        not null check (balance_minor >= 0),  -- after this row
    currency      currency_code not null,
    kind          text          not null check (kind in (
                      'topup', 'purchase', 'referral', 'promo', 'adjustment', 'refund')),
    key           text          not null unique,
    purchase_id   bigint        references purchases,
    admin_id      bigint,
    note          text,
    created_at    timestamptz   not null
);

create index ledger_of_user on ledger (user_id, id);

-- One for each currency that the shop ever had: money that comes always has where to go.
create table balances (
    user_id      bigint        not null references users,
    currency     currency_code not null,
    amount_minor bigint        not null constraint balances_not_negative check (amount_minor >= 0),
    primary key (user_id, currency)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;

create trigger ledger_is_append_only before update or delete on ledger
    for each row execute function refuse_change();

create table referral_rewards (
    purchase_id  bigint primary key references purchases,
    referrer_id  bigint        not null references users,
    referred_id  bigint        not null references users,
    amount_minor bigint        not null check (amount_minor > 0),
    currency     currency_code not null,
    created_at   timestamptz   not null,
    reversed_at  timestamptz
);

create index referral_rewards_of_referrer on referral_rewards (referrer_id);

create table gifts (
    id                  bigint generated always as identity primary key,
    code                text        not null unique,  -- in the link that is given away
    buyer_id            bigint      not null references users,
    purchase_id         bigint      not null unique references purchases,
    claimed_by          bigint      references users,
    claimed_at          timestamptz,
    canceled_at         timestamptz,                  -- refunded before anybody took it
    created_at          timestamptz not null,
    check ((claimed_by is null) = (claimed_at is null))
);

create index gifts_of_buyer on gifts (buyer_id, id);


-- ---- access ----

create table vpn_hosts (
    id          bigint generated always as identity primary key,
    name        text        not null unique check (name <> ''),
    api_url     text        not null,
    api_key     text        not null,
    share_link  text        not null,                 -- a vless:// link: the template of all others
    capacity    integer     not null check (capacity > 0),
    weight      integer     not null default 1 check (weight > 0),
    state       text        not null default 'active' check (state in (
                    'active', 'maintenance', 'retired')),
    healthy     boolean     not null default true,    -- what the last look said
    clients     integer     not null default 0,       -- counted now and then
    started_at  timestamptz,                          -- of its core, as the host says
    checked_at  timestamptz,
    created_at  timestamptz not null default now()
);

-- Where the next person goes: the least loaded for its weight. `clients` is counted now and then,
-- so a host may take a few more than its capacity; nobody waits for a counter to be unlocked.
create function host_with_room() returns bigint language sql stable as $$
    select id
      from vpn_hosts
     where state = 'active' and healthy and clients < capacity
     order by clients::numeric / (capacity::numeric * weight), id
     limit 1
$$;

-- The one current access of a person. Renewal moves expires_at; the UUID stays.
create table subscriptions (
    user_id             bigint primary key references users,
    vpn_uuid            uuid        not null unique,
    link_token          text        not null unique,  -- of GET /sub/<token>
    host_id             bigint      references vpn_hosts,  -- null: no host had room yet
    plan_id             bigint      references plans,      -- null: trial, promo code, by hand
    expires_at          timestamptz not null,
    ended_at            timestamptz,                  -- access was taken away after expires_at
    is_trial            boolean     not null,
    auto_renew          boolean     not null default false,
    device_limit        integer,
    traffic_limit_bytes bigint,
    rate_minor          bigint check (rate_minor > 0),    -- the time that is left was bought at …
    rate_seconds        bigint check (rate_seconds > 0),  -- … so much for so long; null: given
    stars_charge_id     text,        -- first charge of a recurring Stars subscription
    stars_until         timestamptz,
    stars_canceled      boolean     not null default false,
    created_at          timestamptz not null,
    updated_at          timestamptz not null
);

create index subscriptions_by_expiry on subscriptions (expires_at);
create index subscriptions_to_end on subscriptions (expires_at) where ended_at is null;
create index subscriptions_to_renew on subscriptions (expires_at) where auto_renew;
create index subscriptions_without_host on subscriptions (expires_at)
    where host_id is null and ended_at is null;

-- Where days came from and went: append-only, and the sum of what a person has.
create table access_grants (
    id             bigint generated always as identity primary key,
    user_id        bigint      not null references users,
    source         text        not null check (source in (
                       'trial', 'purchase', 'gift', 'promo', 'admin', 'conversion', 'refund')),
    key            text        not null unique,       -- trial:<user>, payment:<id>, refund:<id> …
    seconds        bigint      not null,              -- less than 0 takes away
    expires_before timestamptz,
    expires_after  timestamptz not null,
    payment_id     bigint      references payments,
    admin_id       bigint,
    note           text,
    created_at     timestamptz not null
);

create index access_grants_of_user on access_grants (user_id, id);
create index access_grants_of_payment on access_grants (payment_id) where payment_id is not null;

create trigger access_grants_are_append_only before update or delete on access_grants
    for each row execute function refuse_change();

-- What a host must have. A row whose applied_version is behind its version is a job.
create table vpn_clients (
    uuid                uuid        not null,
    host_id             bigint      not null references vpn_hosts,
    user_id             bigint      not null references users,
    label               text        not null,
    desired             text        not null check (desired in ('present', 'absent')),
    replaces            uuid,       -- an earlier key that goes once this one is there
    expires_at          timestamptz,
    traffic_limit_bytes bigint,
    version             bigint      not null default 1,
    applied_version     bigint      not null default 0,
    attempts            integer     not null default 0,
    run_at              timestamptz not null,
    leased_until        timestamptz,
    last_error          text,
    flagged_at          timestamptz,                  -- failed so often that people are told
    wanted_at           timestamptz not null,         -- since when this version is wanted
    applied_at          timestamptz,
    primary key (host_id, uuid)
);

create index vpn_clients_jobs on vpn_clients (run_at) where applied_version < version;
create index vpn_clients_of_user on vpn_clients (user_id);

-- Users of a host that the database doesn't know; removed when two runs in a row saw them.
create table vpn_orphans (
    host_id       bigint      not null references vpn_hosts,
    uuid          uuid        not null,
    seen_runs     integer     not null default 1,
    first_seen_at timestamptz not null,
    last_seen_at  timestamptz not null,
    primary key (host_id, uuid)
);


-- ---- what people are told ----

create table broadcasts (
    id           bigint generated always as identity primary key,
    admin_id     bigint      not null,
    segment      text        not null,
    from_chat_id bigint      not null,                -- the message that is copied to everybody
    message_id   bigint      not null,
    state        text        not null default 'draft' check (state in (
                     'draft', 'running', 'paused', 'done', 'canceled')),
    last_user_id bigint      not null default 0,      -- everybody up to here is in the outbox
    total        integer     not null default 0,
    created_at   timestamptz not null,
    started_at   timestamptz,
    finished_at  timestamptz
);

-- The outbox: written with the money, sent after the commit.
create table notifications (
    id           bigint generated always as identity primary key,
    chat_id      bigint,                              -- null: every administrator
    kind         text        not null,                -- the text's name
    params       jsonb       not null default '{}',
    key          text        not null,                -- once per chat and event
    priority     smallint    not null default 1,      -- 0 answers, 1 reminders, 2 broadcasts
    broadcast_id bigint      references broadcasts,
    created_at   timestamptz not null,
    run_at       timestamptz not null,
    leased_until timestamptz,
    attempts     integer     not null default 0,
    sent_at      timestamptz,
    failed_at    timestamptz,                         -- given up: blocked, no such chat
    last_error   text,
    unique nulls not distinct (chat_id, key)
);

create index notifications_to_send on notifications (priority, run_at, id)
    where sent_at is null and failed_at is null;
create index notifications_to_admins on notifications (id)
    where chat_id is null and sent_at is null;
create index notifications_of_broadcast on notifications (broadcast_id)
    where broadcast_id is not null;

-- Which person a message in the administrators' chat came from, so that a reply finds the way.
create table support_messages (
    admin_chat_id    bigint      not null,
    admin_message_id bigint      not null,
    user_id          bigint      not null references users,
    user_message_id  bigint      not null,
    created_at       timestamptz not null,
    primary key (admin_chat_id, admin_message_id)
);

create index support_messages_of_user on support_messages (user_id, user_message_id);


-- ---- administration ----

create table audit_log (
    id         bigint generated always as identity primary key,
    admin_id   bigint      not null,
    action     text        not null,
    user_id    bigint,                                -- whom it concerned
    details    jsonb       not null default '{}',
    created_at timestamptz not null
);

create index audit_log_of_user on audit_log (user_id, id);

create trigger audit_log_is_append_only before update or delete on audit_log
    for each row execute function refuse_change();

-- What an administrator turns on and off while the bot runs.
create table switches (
    name       text primary key,
    is_on      boolean     not null,
    changed_by bigint      not null,
    changed_at timestamptz not null
);

-- How far a reader of somebody else's history has come.
create table watermarks (
    name  text primary key,
    value text not null
);
