"""What the bot says, in Russian and English: Fluent files, one a subject, read once."""

from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Any, Literal, TypeAlias

from fluent.runtime import FluentBundle, FluentResource

Locale: TypeAlias = Literal["ru", "en"]
LOCALES: tuple[Locale, ...] = ("ru", "en")


class Texts:
    """The messages of one language: `texts("greeting", name="Anna")`."""

    def __init__(self, locale: str, sources: Iterable[str]) -> None:
        self.locale = locale
        # Isolation marks are for texts of mixed direction; Telegram shows some of them as boxes.
        self._bundle = FluentBundle([locale], use_isolating=False)
        for source in sources:
            self._bundle.add_resource(FluentResource(source))

    def __call__(self, message_id: str, **arguments: Any) -> str:
        """Return a message; raises KeyError for one that isn't there, ValueError if it can't be."""
        pattern = self._bundle.get_message(message_id).value
        if pattern is None:
            raise KeyError(message_id)
        text, errors = self._bundle.format_pattern(pattern, arguments)
        if errors:
            raise ValueError(f"{message_id}: {errors}")
        return str(text)


def load_texts() -> dict[str, Texts]:
    """Return the messages of each language, by its code."""
    return {locale: Texts(locale, _sources(locale)) for locale in LOCALES}


def _sources(locale: Locale) -> Iterator[str]:
    folder = resources.files(__name__).joinpath(locale)
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".ftl"):
            yield file.read_text(encoding="utf-8")
