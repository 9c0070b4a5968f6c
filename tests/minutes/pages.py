"""What is printed where on a PDF's pages, measured from the file itself."""

import ctypes
from dataclasses import dataclass

import pypdfium2  # type: ignore[import-untyped]
from pypdfium2 import raw

MM = 72 / 25.4


@dataclass(frozen=True)
class Glyph:
    """One printed character: box in millimetres from the upper left corner, size in points."""

    char: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    font: str


@dataclass(frozen=True)
class Line:
    """Consecutive glyphs that spell a text."""

    glyphs: tuple[Glyph, ...]

    @property
    def left(self) -> float:
        return min(glyph.left for glyph in self.glyphs)

    @property
    def right(self) -> float:
        return max(glyph.right for glyph in self.glyphs)

    @property
    def top(self) -> float:
        return min(glyph.top for glyph in self.glyphs)

    @property
    def centre(self) -> float:
        return (self.left + self.right) / 2

    @property
    def sizes(self) -> set[float]:
        return {round(glyph.size, 1) for glyph in self.glyphs}

    @property
    def fonts(self) -> set[str]:
        return {glyph.font for glyph in self.glyphs}


@dataclass(frozen=True)
class Stroke:
    """A line or frame that is drawn: its box in millimetres from the upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def centre(self) -> float:
        return (self.left + self.right) / 2


class Pages:
    """The glyphs and strokes of every page."""

    def __init__(self, pdf: bytes) -> None:
        document = pypdfium2.PdfDocument(pdf)
        self.sizes = [(page.get_width() / MM, page.get_height() / MM) for page in document]
        self.glyphs = [_glyphs(page) for page in document]
        self.strokes = [_strokes(page) for page in document]
        document.close()

    def text(self, page: int) -> str:
        return "".join(glyph.char for glyph in self.glyphs[page])

    def find(self, page: int, text: str, *, last: bool = False) -> Line:
        """The first (or last) place where `text` is printed, spaces and line ends set aside."""
        wanted = "".join(text.split())
        inked = [glyph for glyph in self.glyphs[page] if glyph.char.strip()]
        printed = "".join(glyph.char for glyph in inked)
        start = printed.rindex(wanted) if last else printed.index(wanted)
        return Line(tuple(inked[start : start + len(wanted)]))

    def page_of(self, text: str) -> int:
        wanted = "".join(text.split())
        return next(page for page in range(len(self.glyphs)) if wanted in "".join(self.text(page).split()))


def _strokes(page: pypdfium2.PdfPage) -> list[Stroke]:
    height = page.get_height()
    found = []
    for drawn in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH]):
        left, bottom, right, top = drawn.get_bounds()
        found.append(Stroke(left / MM, (height - top) / MM, right / MM, (height - bottom) / MM))
    return found


def _glyphs(page: pypdfium2.PdfPage) -> list[Glyph]:
    text = page.get_textpage()
    height = page.get_height()
    found = []
    for index in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(index)
        name = ctypes.create_string_buffer(100)
        raw.FPDFText_GetFontInfo(text.raw, index, name, 100, ctypes.c_int())
        found.append(
            Glyph(
                char=chr(raw.FPDFText_GetUnicode(text.raw, index)),
                left=left / MM,
                top=(height - top) / MM,
                right=right / MM,
                bottom=(height - bottom) / MM,
                size=raw.FPDFText_GetFontSize(text.raw, index),
                font=name.value.decode(),
            )
        )
    return found
