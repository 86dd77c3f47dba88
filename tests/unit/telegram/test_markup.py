"""The stand-in reads markup as Telegram does: what it takes, and where it says it stops.

The refused MarkdownV2 sources and their offsets are of the kinds in TDLib's own tests.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.telegram.markup import formatted, units
from bot.sandbox.telegram.refusals import RefusalError


def entity(type_: str, offset: int, length: int, **extra: Any) -> dict[str, Any]:
    return {"type": type_, "offset": offset, "length": length} | extra


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("*a _b_* c", "a b c", [entity("bold", 0, 3), entity("italic", 2, 1)]),
        ("__u__ ~s~ ||x||", "u s x", None),
        ("`a*b` \\. \\*", "a*b . *", [entity("code", 0, 3)]),
        ("```py\nx=1\n```", "x=1\n", [entity("pre", 0, 4, language="py")]),
        ("[t](http://a.b/c\\)d)", "t", [entity("text_link", 0, 1, url="http://a.b/c)d")]),
        (">a\n>b\nc", "a\nb\nc", [entity("blockquote", 0, 3)]),
        (">a\n>b||\nc", "a\nb\nc", [entity("expandable_blockquote", 0, 3)]),
        ("**>a", "a", [entity("blockquote", 0, 1)]),
        (">\nc", "\nc", []),
        ("🏟 *b*", "🏟 b", [entity("bold", 3, 1)]),
    ],
    ids=lambda value: str(value)[:20],
)
def test_markdown_is_read(source: str, text: str, entities: list[dict[str, Any]] | None) -> None:
    read = formatted(source, "MarkdownV2")
    assert read[0] == text
    if entities is not None:
        assert read[1] == entities


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("🏟 *a", "Can't find end of Bold entity at byte offset 5"),
        ("🏟 __a_", "Can't find end of Italic entity at byte offset 8"),
        ("🏟 _a__", "Can't find end of Underline entity at byte offset 7"),
        ("🏟 `a", "Can't find end of Code entity at byte offset 5"),
        ("[a](http://b", "Can't find end of a URL at byte offset 3"),
        ("a-b", "Character '-' is reserved and must be escaped with the preceding '\\'"),
    ],
)
def test_markdown_that_is_wrong_is_refused_where_it_is_wrong(source: str, error: str) -> None:
    with pytest.raises(RefusalError) as refused:
        formatted(source, "MarkdownV2")
    assert refused.value.description == f"Bad Request: can't parse entities: {error}"


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>a</b> &lt;x&gt; &amp;lt;", "a <x> &lt;", [entity("bold", 0, 1)]),
        ('<a href="https://x.org/?a=1&amp;b=2">l</a>', "l", None),
        (
            '<pre><code class="language-py">x</code></pre>',
            "x",
            [entity("pre", 0, 1, language="py")],
        ),
        ("<blockquote expandable>q</blockquote>", "q", [entity("expandable_blockquote", 0, 1)]),
        ('<span class="tg-spoiler">x</span>', "x", [entity("spoiler", 0, 1)]),
        ("<b></b>x", "x", []),
        ("&#1090;&nbsp;", "т&nbsp;", []),
    ],
    ids=lambda value: str(value)[:20],
)
def test_html_is_read(source: str, text: str, entities: list[dict[str, Any]] | None) -> None:
    read = formatted(source, "HTML")
    assert read[0] == text
    if entities is not None:
        assert read[1] == entities


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("т<b>a</i>", 'Unmatched end tag at byte offset 6, expected "</b>", found "</i>"'),
        ("a</i>", "Unexpected end tag at byte offset 1"),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("<blink>", 'Unsupported start tag "blink" at byte offset 0'),
    ],
)
def test_html_that_is_wrong_is_refused_where_it_is_wrong(source: str, error: str) -> None:
    with pytest.raises(RefusalError) as refused:
        formatted(source, "HTML")
    assert refused.value.description == f"Bad Request: can't parse entities: {error}"


def test_commands_and_addresses_are_found_but_not_in_code() -> None:
    text, entities = formatted("/help or https://a.b/c. `x`", None)
    assert [text[e["offset"] : e["offset"] + e["length"]] for e in entities] == [
        "/help",
        "https://a.b/c",
    ]
    assert formatted("<code>/help</code>", "HTML")[1] == [entity("code", 0, 5)]
    assert formatted("a/b 1/2 and/or", None)[1] == []


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_what_is_escaped_is_shown_as_it_was(text: str) -> None:
    escaped = "".join(f"\\{c}" if 0 < ord(c) <= 126 else c for c in text)
    assert formatted(escaped, "MarkdownV2")[0] == text
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert formatted(plain, "HTML")[0] == text


@given(st.text("*_~|`[]()>\\\nab", max_size=30), st.sampled_from(["MarkdownV2", "HTML"]))
def test_entities_lie_within_the_text_whatever_was_written(source: str, mode: str) -> None:
    try:
        text, entities = formatted(source, mode)
    except RefusalError:
        return
    for found in entities:
        assert found["offset"] >= 0
        assert found["length"] > 0
        assert found["offset"] + found["length"] <= units(text)
