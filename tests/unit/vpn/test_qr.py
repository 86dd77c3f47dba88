import io
from uuid import UUID

import pytest
import zxingcpp
from PIL import Image, ImageFilter

from bot.vpn.errors import NotCarriedError
from bot.vpn.qr import qr_png
from bot.vpn.share_link import parse_share_link, share_link
from tests.unit.vpn.test_share_link import LINKS

LONGEST = share_link(parse_share_link(LINKS["reality"]), UUID(int=1), "Нидерланды " * 5)


def read(picture: Image.Image) -> str:
    [code] = zxingcpp.read_barcodes(picture)
    text: str = code.text
    return text


@pytest.mark.parametrize("text", [LONGEST, "https://bot.example.org/sub/" + "a" * 43, "vless://x"])
def test_a_code_is_read_by_an_independent_decoder(text: str) -> None:
    picture = Image.open(io.BytesIO(qr_png(text)))

    assert read(picture.convert("L")) == text
    assert 600 <= picture.width == picture.height <= 1000


def test_it_is_still_read_after_what_a_chat_does_to_photos() -> None:
    picture = Image.open(io.BytesIO(qr_png(LONGEST))).convert("RGB")
    small = picture.resize((picture.width // 2, picture.height // 2))
    blurred = small.filter(ImageFilter.GaussianBlur(1))
    jpeg = io.BytesIO()
    blurred.save(jpeg, "JPEG", quality=40)

    assert read(Image.open(jpeg)) == LONGEST


def test_a_white_border_of_four_modules_stands_around_it() -> None:
    picture = Image.open(io.BytesIO(qr_png("vless://x"))).convert("L")
    dark = picture.point(lambda value: 255 if value < 128 else 0).getbbox()

    assert dark is not None
    left, top, right, bottom = dark
    module = (right - left) / 21  # a version 1 code
    margins = {left, top, picture.width - right, picture.height - bottom}
    assert margins == {4 * module}


def test_what_no_code_can_hold_is_said() -> None:
    with pytest.raises(NotCarriedError):
        qr_png("x" * 3000)
