"""How the process ends: the exit codes that service managers act on, and what leads to each.

The numbers are those of BSD's sysexits.h, where it has one for the case.
"""

from enum import IntEnum

from bot.db.embedded import EmbeddedPostgresError
from bot.db.errors import (
    AccessRefusedError,
    LeadershipLostError,
    LockedElsewhereError,
    MigrationTamperedError,
    SchemaTooNewError,
    UnavailableError,
)
from bot.error_groups import leaves
from bot.process_settings import InvalidSettingsError
from bot.telegram.errors import (
    RetryAfterError,
    ServerError,
    TransportError,
    UnauthorizedError,
    WebhookRefusedError,
)
from bot.web.server import BindError


class ExitCode(IntEnum):
    """Exit statuses of `python -m bot run`."""

    CLEAN = 0
    REFUSED = 69  # EX_UNAVAILABLE: a required peer refused us; trying again changes nothing
    INTERNAL = 70  # EX_SOFTWARE: a bug, a lost leadership, a peer that is away; start again
    FROZEN = 75  # EX_TEMPFAIL: the watchdog ended a process whose loop stood still
    CONFIGURATION = 78  # EX_CONFIG


_EXPECTED: dict[type[BaseException], ExitCode] = {
    InvalidSettingsError: ExitCode.CONFIGURATION,
    UnauthorizedError: ExitCode.REFUSED,
    WebhookRefusedError: ExitCode.REFUSED,
    LockedElsewhereError: ExitCode.REFUSED,
    SchemaTooNewError: ExitCode.REFUSED,
    MigrationTamperedError: ExitCode.REFUSED,
    AccessRefusedError: ExitCode.REFUSED,
    EmbeddedPostgresError: ExitCode.CONFIGURATION,
    LeadershipLostError: ExitCode.INTERNAL,
    UnavailableError: ExitCode.INTERNAL,
    TransportError: ExitCode.INTERNAL,
    ServerError: ExitCode.INTERNAL,
    RetryAfterError: ExitCode.INTERNAL,
    BindError: ExitCode.INTERNAL,
}


def expected(error: BaseException) -> ExitCode | None:
    """Return the code of an error whose message says all; None for one that needs a traceback."""
    return next((code for kind, code in _EXPECTED.items() if isinstance(error, kind)), None)


def exit_code(error: BaseException) -> ExitCode:
    """Return the status to end with; of several errors the one that an operator can mend wins."""
    codes = [expected(leaf) or ExitCode.INTERNAL for leaf in leaves(error)]
    return max(codes, key=lambda code: (code is ExitCode.CONFIGURATION, code is ExitCode.REFUSED))
