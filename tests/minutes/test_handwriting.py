"""What officials send as pictures of signatures and seals becomes what Decree 30 asks for, or is refused."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from minutes import appearance
from minutes.errors import Refused
from minutes.handwriting import ink


def png(picture: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def on_paper(colour: tuple[int, int, int], paper: tuple[int, int, int] = (246, 244, 240)) -> Image.Image:
    """A stroke in the middle of a sheet."""
    sheet = Image.new("RGB", (800, 500), paper)
    ImageDraw.Draw(sheet).line([(300, 200), (420, 300), (520, 210)], fill=colour, width=9)
    return sheet


def read(data: bytes) -> np.ndarray:
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.mode) == ("PNG", "RGBA")
    return np.asarray(picture)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_black_ink_on_white_paper_becomes_blue_on_nothing_and_is_cropped(kind: str) -> None:
    pixels = read(ink(png(on_paper((20, 20, 25)), kind), seal=False))
    assert pixels.shape[1] < 260, "cropped"
    assert (pixels[..., 3] == 0).mean() > 0.5, "the paper is gone"
    red, green, blue = pixels[pixels[..., 3] > 200][:, :3].mean(axis=0)
    assert blue > red + 50
    assert blue > green + 50


def test_blue_ink_keeps_its_own_blue() -> None:
    pixels = read(ink(png(on_paper((30, 60, 190))), seal=False))
    assert tuple(np.median(pixels[pixels[..., 3] > 200][:, :3], axis=0)) == (30, 60, 190)


def test_a_seal_is_red_and_square() -> None:
    sheet = Image.new("RGB", (700, 900), "white")
    ImageDraw.Draw(sheet).ellipse([100, 150, 500, 530], outline=(40, 40, 40), width=14)
    pixels = read(ink(png(sheet), seal=True))
    assert pixels.shape[0] == pixels.shape[1]
    red, green, blue = pixels[pixels[..., 3] > 200][:, :3].mean(axis=0)
    assert red > green + 100
    assert red > blue + 100


def test_what_is_transparent_already_stays_as_it_is() -> None:
    drawn = appearance.handwriting("Lò Văn Dũng")
    pixels, before = read(ink(drawn, seal=False)), read(drawn)
    assert pixels[..., 3].max() == 255
    assert (pixels[..., 3] > 96).sum() == (before[..., 3] > 96).sum()


@pytest.mark.parametrize(
    "picture",
    [Image.new("RGB", (300, 200), "white"), Image.new("RGB", (300, 200), "black"), Image.new("RGB", (10, 10))],
    ids=["nothing on it", "all ink", "too small"],
)
def test_what_shows_no_signature_is_refused(picture: Image.Image) -> None:
    with pytest.raises(Refused):
        ink(png(picture), seal=False)


def test_a_picture_that_would_fill_the_memory_is_refused_before_it_is_opened() -> None:
    huge = png(Image.new("1", (30_000, 30_000), 1))
    assert len(huge) < 200_000
    with pytest.raises(Refused):
        ink(huge, seal=False)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 2000), st.booleans())
def test_any_bytes_give_a_picture_or_a_refusal(noise: bytes, place: int, inside: bool) -> None:
    good = png(on_paper((10, 20, 120)))
    data = good[:place] + noise + good[place + len(noise) :] if inside else noise
    with contextlib.suppress(Refused):
        read(ink(data, seal=False))
