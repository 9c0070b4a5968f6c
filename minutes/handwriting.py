"""A picture that somebody sends of a signature or a seal, made into what Decree 30/2020, Appendix I asks for: the
person's blue, the agency's red, on nothing (transparent PNG), cropped to the ink.

A photograph of ink on white paper will do: what is white becomes nothing.
"""

import io

import numpy as np
from PIL import Image, UnidentifiedImageError

from minutes.errors import N_, Reason, Refused

MAX_BYTES = 4 * 2**20
MAX_PIXELS = 16_000_000
_LARGEST = 1000
"""Pixels of the longer side of what is kept: 46 mm at 550 dots an inch."""
BLUE = (24, 52, 160)
RED = (205, 24, 34)
_PAPER, _INK = 70, 190
"""Darkness (255 less the darkest colour) below which it is paper, and from which it is ink."""


def ink(data: bytes, *, seal: bool) -> bytes:
    """The picture (PNG or JPEG) as a signature's or a seal's, as PNG. Raises Refused("bad_picture")."""
    pixels = _pixels(data)
    alpha = pixels[..., 3]
    if (alpha < 128).mean() < 0.1:
        # Nothing is transparent: it stands on paper.
        darkness = 255 - pixels[..., :3].min(axis=2).astype(np.int32)
        alpha = (np.clip((darkness - _PAPER) * 255 // (_INK - _PAPER), 0, 255)).astype(np.uint8)
    strong = alpha > 96
    share = strong.mean()
    if share < 0.0005 or share > 0.8:
        raise _refused(N_("Ảnh không có nét mực rõ trên nền trắng hoặc trong suốt."))
    colours = pixels[..., :3].copy()
    red, green, blue = (float(colours[strong][:, channel].mean()) for channel in range(3))
    right = red > blue + 40 and red > green + 40 if seal else blue > red + 25 and blue > green + 15
    if not right:
        colours[:] = RED if seal else BLUE
    rows, columns = np.flatnonzero(strong.any(axis=1)), np.flatnonzero(strong.any(axis=0))
    inside = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    drawn = Image.fromarray(np.dstack([colours[inside], alpha[inside]]))
    if seal:
        side = max(drawn.size)
        square = Image.new("RGBA", (side, side), (*RED, 0))
        square.paste(drawn, ((side - drawn.width) // 2, (side - drawn.height) // 2))
        drawn = square
    drawn.thumbnail((_LARGEST, _LARGEST))
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return out.getvalue()


def _pixels(data: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    if len(data) > MAX_BYTES:
        raise _refused(N_("Ảnh lớn quá 4 MB; xin gửi ảnh nhỏ hơn."))
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > MAX_PIXELS or min(picture.size) < 20:
                raise _refused(N_("Ảnh quá to hoặc quá nhỏ; cạnh ngắn từ 20 điểm ảnh, tất cả không quá 16 triệu điểm."))
            return np.asarray(picture.convert("RGBA"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _refused(N_("Chỉ nhận ảnh PNG hoặc JPEG.")) from error


def _refused(text: str) -> Refused:
    return Refused("bad_picture", Reason(text))
