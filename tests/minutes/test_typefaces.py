"""A typeface is chosen for the letters that it has, not for its name."""

import shutil
from pathlib import Path

import pytest
import typst

from minutes.typefaces import EMBEDDED, LETTERS, PREFERRED, Typeface, choose
from minutes.typeset import Typesetter
from tests.minutes.pages import Pages


class Face:
    def __init__(self, family: str, style: str, weight: int, path: str | None) -> None:
        self.family, self.style, self.weight, self.path = family, style, weight, path


def test_there_are_as_many_letters_as_the_language_has() -> None:
    # 12 vowels with 6 tones and đ, in two cases.
    assert len(LETTERS) == 2 * (12 * 6 + 1)


def test_without_installed_typefaces_the_embedded_one_is_used() -> None:
    assert choose([]) == Typeface(EMBEDDED, None)


def test_a_family_by_name_only_is_not_believed(tmp_path: Path) -> None:
    faces = []
    for style, weight in (("normal", 400), ("normal", 700), ("italic", 400), ("italic", 700)):
        path = tmp_path / f"{style}{weight}.ttf"
        path.write_bytes(b"\x00\x01\x00\x00\x00\x01" + b"\x00" * 6 + b"cmap")
        faces.append(Face(PREFERRED[0], style, weight, str(path)))
    assert choose(faces) == Typeface(EMBEDDED, None)


def installed() -> Typeface:
    return choose(typst.Fonts().fonts())


def test_a_family_that_lacks_one_style_is_not_chosen(tmp_path: Path) -> None:
    face = installed()
    assert face.directory is not None
    styles = [one for one in typst.Fonts().fonts() if one.family == face.family and one.path]
    here = [one for one in styles if Path(str(one.path)).parent == face.directory]
    for one in here:
        shutil.copy(str(one.path), tmp_path)
    copies = [Face(one.family, one.style, one.weight, str(tmp_path / Path(str(one.path)).name)) for one in here]
    assert choose(copies) == Typeface(face.family, tmp_path)
    assert choose([one for one in copies if (one.style, one.weight) != ("italic", 700)]).family == EMBEDDED


@pytest.mark.parametrize("family", sorted({EMBEDDED, Typesetter().fonts[0]}))
@pytest.mark.parametrize(("style", "weight"), [("normal", 400), ("normal", 700), ("italic", 400), ("italic", 700)])
def test_every_vietnamese_letter_is_set_in_the_typeface_itself(family: str, style: str, weight: int) -> None:
    letters = "".join(sorted(LETTERS))
    directory = installed().directory
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(directory)] if directory else [])
    source = f'#set text(font: "{family}", style: "{style}", weight: {weight}, fallback: false)\n#"{letters}"'
    pages = Pages(typst.compile(source.encode(), font_paths=fonts))
    assert set(pages.text(0)) >= LETTERS
    assert len({glyph.font for glyph in pages.glyphs[0] if glyph.char in LETTERS}) == 1
