import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.process_settings import InvalidSettingsError
from bot.setting_types import Bind
from bot.settings import Mode, Settings, load

TOKEN = "123456789:" + "A" * 35


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)  # no .env
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_defaults_are_the_audits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("PUBLIC_URL", "https://bot.example.org/")

    settings = load()

    assert settings.mode is Mode.WEBHOOK
    assert (settings.db_pool_min_size, settings.db_pool_max_size) == (2, 15)
    assert settings.db_pool_acquire_timeout.total_seconds() == 10
    assert settings.db_pool_command_timeout.total_seconds() == 30
    assert settings.max_concurrent_updates == 20
    assert settings.update_timeout.total_seconds() == 55
    assert settings.webhook_url == "https://bot.example.org/telegram/webhook"


def test_every_wrong_setting_is_named_at_once_and_no_value_is_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = {
        "BOT_TOKEN": "topsecret",
        "BIND": "nowhere-to-bind",
        "ADMIN_IDS": "1,root",
        "DB_POOL_MAX_SIZE": "plenty",
        "UPDATE_TIMEOUT": "longish",
        "DATABASE_URL": "mysql://user:hunter2@host/db",
        "VPN_HTTP_TIMEOUT": "1",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(InvalidSettingsError) as caught:
        load()

    text = str(caught.value)
    assert [name for name in wrong if f"{name}: " not in text] == []
    assert "PUBLIC_URL: needed in webhook mode" in text
    leaked = [v for v in (*wrong.values(), "hunter2", "root") if len(v) > 1 and v in text]
    assert leaked == []


def test_an_empty_variable_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("MODE", "POLLING")
    for name in ("DATABASE_URL", "ADMIN_IDS", "DB_POOL_MAX_SIZE", "BIND", "WEBHOOK_SECRET"):
        monkeypatch.setenv(name, "")

    settings = load()

    assert settings.database_url is None
    assert settings.admin_ids == frozenset()
    assert settings.db_pool_max_size == 15
    assert settings.bind == Bind(("127.0.0.1", 8080))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PUBLIC_URL", "http://bot.example.org", "HTTPS only"),
        ("PUBLIC_URL", "https://bot.example.org:8080", "443, 80, 88 and 8443"),
        ("UPDATE_TIMEOUT", "60", "less than the 60 seconds"),
        ("PRE_CHECKOUT_TIMEOUT", "10", "less than the 10 seconds"),
        ("SHUTDOWN_GRACE", "-1", "more than 0 seconds"),
        ("DB_POOL_MIN_SIZE", "15", "less than DB_POOL_MAX_SIZE"),
        ("DB_STATEMENT_TIMEOUT", "40", "shorter than the next"),
        ("WEBHOOK_SECRET", "with spaces", "A-Z, a-z, 0-9"),
        ("ADVISORY_LOCK_KEY", str(2**63), "less than or equal"),
    ],
)
def test_bounds_say_what_to_do(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("PUBLIC_URL", "https://bot.example.org")
    monkeypatch.setenv(name, value)

    with pytest.raises(InvalidSettingsError, match=words):
        load()


def test_the_webhook_secret_comes_from_the_token_and_does_not_tell_it() -> None:
    one = load(bot_token=TOKEN, public_url="https://a.example.org")
    other = load(bot_token=TOKEN[:-1] + "B", public_url="https://a.example.org")

    assert one.webhook_secret_token != other.webhook_secret_token
    assert TOKEN.partition(":")[2] not in one.webhook_secret_token
    assert TOKEN not in repr(one)


@given(st.text(max_size=30))
def test_a_bind_is_read_or_refused_in_words(text: str) -> None:
    try:
        bind = Bind.parse(text)
    except ValueError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert Bind.parse(str(bind)) == bind

    assert not refusal or "host:port" in refusal


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://warren:password@localhost:5432/warren",
        "postgres://warren@[::1]:5432/warren?sslmode=require",
        "postgresql://warren:p%2Fss@one:5432,two:5433/warren",
        "postgresql:///warren?host=/run/postgresql",
    ],
)
def test_dsns_that_libpq_takes_are_taken(monkeypatch: pytest.MonkeyPatch, dsn: str) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    settings = load(mode="polling", database_url=dsn)
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == dsn


@pytest.mark.parametrize("password", ["hunter/2", "hunter#2", "hunter?2"])
def test_a_password_that_must_be_quoted_is_explained_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    """Its half would be taken for a port, and quoted by whoever can't read it as a number."""
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    with pytest.raises(InvalidSettingsError, match="DATABASE_URL: no host:port") as caught:
        load(mode="polling", database_url=f"postgresql://warren:{password}@localhost/warren")
    assert "hunter" not in str(caught.value)


def test_the_pages_of_operation_are_not_served_to_the_public(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    with pytest.raises(InvalidSettingsError, match="BIND, OPS_BIND: must be two addresses"):
        load(mode="polling", bind="127.0.0.1:8080", ops_bind="127.0.0.1:8080")
    load(mode="polling", bind="127.0.0.1:0", ops_bind="127.0.0.1:0")
