"""What can go wrong with a provider, told by what the caller can do about it.

None of them carries a secret, a header or an address: only the provider, the call, and the
provider's own code for what it refused.
"""


class PaymentError(Exception):
    """Root of everything that `bot.payments` raises."""


class ProviderAwayError(PaymentError):
    """No answer, or a fault of the provider's own: whether the call took effect is unknown.

    Repeating the same call with the same key later is right.
    """


class NotSentError(ProviderAwayError):
    """The connection was never made: nothing can have taken effect."""


class RefundPendingError(ProviderAwayError):
    """The refund was taken and is not finished: the same call with the same key tells more."""


class UnreadableAnswerError(ProviderAwayError):
    """The provider answered in a form we don't know."""


class ProviderRefusedError(PaymentError):
    """The provider understood and refused; repeating changes nothing. `code` is its own word."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


class CredentialsRefusedError(ProviderRefusedError):
    """The token, shop or key is wrong or was revoked: an operator has to act."""


class ProviderOffError(PaymentError):
    """The provider has no settings here."""


class NotRefundableError(PaymentError):
    """The provider has no refunds; the money has to go back in another way."""


class MismatchError(PaymentError):
    """The provider's page is not for what was ordered; it must not be shown to anybody."""


class BadNoticeError(PaymentError):
    """A webhook's body is not a notice of this provider: answered with 400."""


class ForgedNoticeError(PaymentError):
    """A webhook's signature is missing or wrong: answered with 401."""


class StaleNoticeError(ForgedNoticeError):
    """The signature is right, and the notice too old or from the future: a replay, or our clock."""
