"""QR codes of links, as pictures for a chat."""

import io

import segno

from bot.vpn.errors import NotCarriedError

_PICTURE_SIDE = 800  # pixels: what a phone shows in full width
_SMALLEST_SCALE = 4  # pixels a module: below, Telegram's compression of photos blurs it
_QUIET_ZONE = 4  # modules of white around: ISO/IEC 18004, 9.1


def qr_png(text: str) -> bytes:
    """Return the QR code of `text` as a PNG of some 800 pixels, with its quiet zone.

    Takes 20 to 80 ms for a share link: a caller that serves others meanwhile goes through
    `trio.to_thread.run_sync`. Raises NotCarriedError if the text is longer than a code can hold.
    """
    try:
        # Level M outlives a photo of a screen; a higher one would make the modules smaller.
        code = segno.make_qr(text, error="m", boost_error=False)
    except segno.DataOverflowError:
        raise NotCarriedError("the link is too long for a QR code") from None
    modules, _ = code.symbol_size(border=_QUIET_ZONE)
    picture = io.BytesIO()
    scale = max(_SMALLEST_SCALE, _PICTURE_SIDE // int(modules))
    code.save(picture, kind="png", scale=scale, border=_QUIET_ZONE)
    return picture.getvalue()
