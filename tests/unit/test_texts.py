"""Both languages say the same, in full, and with the plural forms that their grammar has."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fluent.syntax import FluentParser
from fluent.syntax import ast as ftl
from fluent.syntax.visitor import Visitor

from bot.texts import LOCALES, load_texts

BOT = Path(__file__).parents[2] / "bot"
FOLDER = BOT / "texts"

# CLDR, "Language Plural Rules": what a whole number can be, besides English's "other".
PLURALS = {"ru": {"one", "few", "many"}, "en": {"one"}}
CATEGORIES = {"zero", "one", "two", "few", "many", "other"}


def files(locale: str) -> dict[str, ftl.Resource]:
    return {
        path.name: FluentParser().parse(path.read_text(encoding="utf-8"))
        for path in sorted((FOLDER / locale).iterdir())
    }


def messages(locale: str) -> Iterator[ftl.Message]:
    for resource in files(locale).values():
        yield from (entry for entry in resource.body if isinstance(entry, ftl.Message))


class _Parts(Visitor):
    """Collects the variables and the choices of a message."""

    def __init__(self) -> None:
        self.variables: set[str] = set()
        self.choices: list[tuple[str, set[str]]] = []

    def visit_VariableReference(self, node: ftl.VariableReference) -> None:  # noqa: N802 - its API
        self.variables.add(node.id.name)

    def visit_SelectExpression(self, node: ftl.SelectExpression) -> None:  # noqa: N802 - its API
        keys = {
            variant.key.name if isinstance(variant.key, ftl.Identifier) else variant.key.value
            for variant in node.variants
        }
        assert isinstance(node.selector, ftl.VariableReference)
        self.choices.append((node.selector.id.name, keys))
        self.generic_visit(node)


def parts(message: ftl.Message) -> _Parts:
    found = _Parts()
    found.visit(message)
    return found


@pytest.mark.parametrize("locale", LOCALES)
def test_every_line_is_understood_and_every_id_is_said_once(locale: str) -> None:
    junk = [
        (name, entry.content)
        for name, resource in files(locale).items()
        for entry in resource.body
        if isinstance(entry, ftl.Junk)
    ]
    ids = [message.id.name for message in messages(locale)]
    assert junk == []
    assert sorted(ids) == sorted(set(ids))


def test_both_languages_have_the_same_files_messages_and_variables() -> None:
    russian, english = (
        {
            (name, entry.id.name): parts(entry).variables
            for name, resource in files(locale).items()
            for entry in resource.body
            if isinstance(entry, ftl.Message)
        }
        for locale in ("ru", "en")
    )
    assert russian == english


@pytest.mark.parametrize("locale", LOCALES)
def test_a_choice_by_number_has_every_form_of_the_language(locale: str) -> None:
    incomplete = {
        message.id.name: keys
        for message in messages(locale)
        for _, keys in parts(message).choices
        # A choice by a word (`[stars]`) is no plural.
        if keys & CATEGORIES and not keys >= PLURALS[locale]
    }
    assert incomplete == {}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("number", [0, 1, 2, 5, 11, 12, 21, 22, 25, 100, 1000, 1_000_000])
def test_every_message_can_be_said(locale: str, number: int) -> None:
    texts = load_texts()[locale]
    for message in messages(locale):
        found = parts(message)
        arguments: dict[str, Any] = dict.fromkeys(found.variables, number)
        said = texts(message.id.name, **arguments)
        assert said.strip() == said != ""
        assert "{" not in said


def test_russian_counts_as_russians_do() -> None:
    say = load_texts()["ru"]

    def minutes(number: int) -> str:
        text = say("admin-updates-silent", minutes=number, pending=1, cause="", error="—")
        found = re.search(r"\d+ минут\w*", text)
        assert found is not None
        return found.group()

    assert [minutes(n) for n in (1, 3, 5, 11, 14, 21, 22, 101)] == [
        "1 минуту",
        "3 минуты",
        "5 минут",
        "11 минут",
        "14 минут",
        "21 минуту",
        "22 минуты",
        "101 минуту",
    ]


def test_a_message_that_is_not_there_and_a_variable_that_is_not_given_are_errors() -> None:
    say = load_texts()["en"]
    with pytest.raises(KeyError):
        say("no-such-message")
    with pytest.raises(ValueError, match="greeting"):
        say("greeting")


def test_the_code_and_the_files_name_the_same_messages() -> None:
    literals: set[str] = set()
    beginnings: set[str] = set()
    for path in BOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.JoinedStr(values=[ast.Constant(value=str(begin)), *_]):
                    beginnings.add(begin)
                case ast.Constant(value=str(text)):
                    literals.add(text)
    ids = {message.id.name for message in messages("en")}
    never_said = {
        name
        for name in ids - literals
        if not any(begin.endswith("-") and name.startswith(begin) for begin in beginnings)
    }
    assert never_said == set()

    said = {text for path in BOT.rglob("*.py") for text in _said(path)}
    assert said - ids == set()


def _said(path: Path) -> Iterator[str]:
    """The ids that stand in calls like `texts("menu")` and `ctx.texts("menu")`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(
                func=ast.Name(id="texts" | "speak") | ast.Attribute(attr="texts"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name
