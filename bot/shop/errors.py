"""What the shop refuses, told by what the person or the administrator can do about it."""

from bot.money import Money


class ShopError(Exception):
    """Root of everything that the rules of the shop refuse; nothing was changed."""


class UnknownPersonError(ShopError):
    """Nobody with this id ever wrote to the bot."""


# ---- buying ----


class PlanGoneError(ShopError):
    """The plan is no longer sold, or not at this price."""


class AmountNotOfferedError(ShopError):
    """A top-up of less or more than the shop takes."""


class NotRecurringError(ShopError):
    """Only access for 30 days, paid in Stars, can be a subscription."""


class AlreadySubscribedError(ShopError):
    """A Stars subscription of this person runs already; a second one would charge twice."""


class PurchaseGoneError(ShopError):
    """The purchase isn't there, is somebody else's, or can't be paid any more: start again."""


class InsufficientFundsError(ShopError):
    """The balance is too small; `missing` is what has to be added."""

    def __init__(self, missing: Money) -> None:
        super().__init__(f"{missing} more is needed")
        self.missing = missing


class TrialUsedError(ShopError):
    """The trial is once per person, and for those who never had access."""


class NoAccessError(ShopError):
    """The person has no access that this could change."""


# ---- promo codes and gifts ----


class PromoError(ShopError):
    """Root of why a promo code gives nothing."""


class UnknownPromoError(PromoError):
    """There is no such code, or it was switched off."""


class PromoNotYetError(PromoError):
    """The code is not valid yet."""


class PromoExpiredError(PromoError):
    """The code is no longer valid."""


class PromoUsedUpError(PromoError):
    """The code was used as often as it can be."""


class PromoUsedByPersonError(PromoError):
    """This person used the code as often as one person may."""


class GiftGoneError(ShopError):
    """The gift isn't there, was taken, or was refunded."""


# ---- administration ----


class AlreadySettledError(ShopError):
    """Somebody else was faster, or it was done before: look at it again."""


class NotRefundableError(ShopError):
    """This money can't be given back: nothing is left of it, or it isn't there."""


class NotGrantableError(ShopError):
    """Nobody knows for whom or for what this money came; it can only be refunded."""


class BroadcastStateError(ShopError):
    """The broadcast isn't in a state from which it can go there: look at it again."""
