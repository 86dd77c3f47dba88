"""Who has how many stars, and what went to and fro between people and the bot."""

from typing import Any

from bot.sandbox.telegram.world import World


class StarLedger:
    """The purses of the people, and the bot's transactions; its balance is their sum."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._purses: dict[int, int] = {}
        self._transactions: list[dict[str, Any]] = []
        for _, person_id, stars in world.store.documents("purse"):
            self._purses[int(person_id)] = stars
        for _, _, entry in world.store.documents("transaction"):
            self._transactions.append(entry)

    def purse(self, person_id: int) -> int:
        """Return how many stars a person has."""
        return self._purses.get(person_id, self._world.config.stars)

    @property
    def balance(self) -> int:
        """How many stars the bot has."""
        return sum(
            entry["amount"] if "source" in entry else -entry["amount"]
            for entry in self._transactions
        )

    def page(self, offset: int, limit: int) -> list[dict[str, Any]]:
        """Return the bot's transactions from `offset` on, the oldest first."""
        return self._transactions[offset : offset + limit]

    def fill(self, person_id: int, stars: int) -> None:
        """Put stars into a person's purse, or take them out; it never holds less than none."""
        self._purses[person_id] = max(0, self.purse(person_id) + stars)
        self._world.store.put(f"purse:{person_id}", self._purses[person_id])
        self._world.touch()

    def to_bot(self, person_id: int, stars: int, charge_id: str, partner: dict[str, Any]) -> None:
        """Move stars from a person to the bot; who can't pay must have been refused before."""
        self._move(person_id, -stars, {"id": charge_id, "amount": stars, "source": partner})

    def to_person(
        self, person_id: int, stars: int, charge_id: str, partner: dict[str, Any]
    ) -> None:
        """Move stars back; the transaction's id is that of the payment that is undone."""
        self._move(person_id, stars, {"id": charge_id, "amount": stars, "receiver": partner})

    def _move(self, person_id: int, stars: int, entry: dict[str, Any]) -> None:
        entry["date"] = self._world.now
        self._world.store.put(f"transaction:{len(self._transactions)}", entry)
        self._transactions.append(entry)
        self.fill(person_id, stars)
