-- People who wrote to the bot, and the updates that could not be handled.

create table users (
    id            bigint primary key,           -- Telegram's id
    first_name    text        not null,
    last_name     text,
    username      text,
    language_code text,                         -- as Telegram says it
    language      text check (language in ('ru', 'en')),  -- as chosen; null: follow language_code
    start_payload text check (start_payload ~ '^[A-Za-z0-9_-]{1,64}$'),  -- of the first deep link
    blocked_at    timestamptz,                  -- null: messages reach the person
    membership_at timestamptz,                  -- date of the my_chat_member that set blocked_at
    created_at    timestamptz not null default now(),
    seen_at       timestamptz not null default now()
);

create table dead_letters (
    update_id   bigint primary key,
    kind        text        not null,
    user_id     bigint,
    error       text        not null,
    tries       integer     not null check (tries > 0),
    body        jsonb       not null,
    recorded_at timestamptz not null default now()
);
