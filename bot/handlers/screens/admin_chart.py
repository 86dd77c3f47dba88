"""A picture of takings: a bar a day, in the colours of the ways to pay.

There are no words in it. The font that Pillow brings has no Cyrillic, and a font of our own would
be a megabyte: the legend is the caption's, with squares of the same colours.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

_WIDTH, _HEIGHT = 1200, 640  # what a phone shows in full width
_LEFT, _RIGHT, _TOP, _BOTTOM = 130, 40, 40, 80
_FONT_SIZE = 26
_MOST_LINES = 5
_LABEL_EVERY = 5  # bars
_INK, _GRID, _PAPER = "#5b6470", "#e3e6ea", "#ffffff"


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: its label, and its parts from the bottom up, each an amount and a colour."""

    label: str
    parts: tuple[tuple[int, str], ...]

    @property
    def height(self) -> int:
        """The sum of its parts."""
        return sum(amount for amount, _ in self.parts)


def chart_png(bars: Sequence[Bar], lines: Sequence[tuple[int, str]]) -> bytes:
    """Return the chart as a PNG; `lines` are the heights with a label, from 0 up, as of `scale`.

    Takes some 20 ms: a caller that serves others meanwhile goes through a thread.
    """
    picture = Image.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(_FONT_SIZE)
    bottom, top = _HEIGHT - _BOTTOM, lines[-1][0]

    def y(amount: int) -> int:
        return bottom - (bottom - _TOP) * amount // top

    for amount, label in lines:
        draw.line([(_LEFT, y(amount)), (_WIDTH - _RIGHT, y(amount))], _GRID, 2)
        draw.text((_LEFT - 16, y(amount)), label, _INK, font, anchor="rm")
    step = (_WIDTH - _LEFT - _RIGHT) / len(bars)
    for number, bar in enumerate(bars):
        left = _LEFT + step * (number + 0.15)
        right = left + step * 0.7
        below = 0
        for amount, colour in bar.parts:
            # A day with little is still seen.
            upper = min(y(below + amount), y(below) - 2)
            draw.rectangle([left, upper, right, y(below)], colour)
            below += amount
        # Counted from the last bar, today.
        if (len(bars) - 1 - number) % _LABEL_EVERY == 0:
            draw.text(((left + right) / 2, bottom + 14), bar.label, _INK, font, anchor="ma")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def scale(highest: int, unit: int) -> list[int]:
    """Return where lines stand: round steps of whole `unit`s from 0 to at least `highest`."""
    wanted = max(-(-highest // (unit * (_MOST_LINES - 1))), 1)
    size = 1
    while True:
        for round_step in (1, 2, 5):
            if wanted <= round_step * size:
                step = round_step * size * unit
                count = max(-(-highest // step), 1)
                return [step * number for number in range(count + 1)]
        size *= 10
