"""Elements of edXML, written and read.

What is read is bounded, has no document type of its own, and is matched by local names, for systems differ in prefixes
and namespaces.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from xml.etree import ElementTree as ET

from minutes.errors import N_, InvalidContent, Reason
from minutes.reading import REFUSED
from minutes.secrecy import refuse_secrets

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
XLINK = "http://www.w3.org/1999/xlink"
LIMIT = 75 * 2**20
"""Octets of the longest message that is read: its files are in base64."""
LONGEST = 10_000
MOST_PARTS = 100_000
"""Tags and quotation marks in a message: of some million, reading alone takes all memory and half a minute."""
MOST_SAID = 1_000_000
"""Characters of everything but the files."""
DEEPEST = 40
"""Elements within each other; a message has about ten."""


class _Bounded(ET.TreeBuilder):
    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str]) -> ET.Element:
        self._depth += 1
        if self._depth > DEEPEST:
            raise bad()
        return super().start(tag, attrs)

    def end(self, tag: str) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def root() -> ET.Element:
    """The outermost element of a message to be."""
    ET.register_namespace("edXML", NAMESPACE)
    ET.register_namespace("xlink", XLINK)
    return ET.Element(f"{{{NAMESPACE}}}edXML")


def under(parent: ET.Element, name: str, **attributes: str) -> ET.Element:
    """A new element at the end of `parent`."""
    return ET.SubElement(parent, f"{{{NAMESPACE}}}{name}", attributes)


def texts(parent: ET.Element, **values: str) -> None:
    """New elements at the end of `parent`, each with its text."""
    for name, value in values.items():
        under(parent, name).text = value


def written(element: ET.Element) -> bytes:
    """The message as a file."""
    return bytes(ET.tostring(element, encoding="UTF-8", xml_declaration=True))


def parsed(data: bytes) -> ET.Element:
    """The outermost element of what somebody has sent. Raises InvalidContent("file")."""
    if len(data) > LIMIT:
        raise bad()
    try:
        text = data.decode("utf-8-sig")
        # A document type may have entities that grow without end; a message has none.
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise bad()
        if sum(map(text.count, "<\"'")) > MOST_PARTS:
            raise bad()
        parser = ET.XMLParser(target=_Bounded(), encoding="utf-8")  # noqa: S314 - no document type, so no entities
        return ET.fromstring(text.encode(), parser)  # noqa: S314 - expat reads nothing else
    except (ET.ParseError, UnicodeError, ValueError, RecursionError, LookupError) as error:
        raise bad() from error


def local(one: ET.Element) -> str:
    """The name of an element, whatever its namespace."""
    return one.tag.rpartition("}")[2] if isinstance(one.tag, str) else ""


def all_of(parent: ET.Element | None, name: str, most: int) -> Iterator[ET.Element]:
    """Every element of this name within `parent`. Raises InvalidContent("file") where there are more than `most`."""
    found = () if parent is None else (one for one in parent.iter() if local(one) == name)
    for number, one in enumerate(found):
        if number == most:
            raise bad()
        yield one


def everything(said: ET.Element) -> tuple[str, ...]:
    """Every text and attribute of a message, but the files in it. Raises InvalidContent("file") where no message has so
    much to say."""
    found: list[str] = []
    for one in said.iter():
        if local(one) != "ContentTransferEncoded":
            found.append(one.text or "")
        found += (one.tail or "", *one.attrib.values())
    if sum(map(len, found)) > MOST_SAID:
        raise bad()
    return tuple(text for text in found if text and not text.isspace())


def refuse_marked(texts: Iterable[str]) -> None:
    """Raises SecretContent where `everything` that a message says bears a mark of secrecy; a level that stands alone,
    in whatever element a system has for it, is one, too."""
    levels = ("Độ mật: Mật" if text.strip().casefold() == "mật" else text for text in texts)
    refuse_secrets("file", "\n".join(levels))


def found(parent: ET.Element | None, name: str) -> ET.Element | None:
    """The first element of this name within `parent`."""
    return next((one for one in parent.iter() if local(one) == name), None) if parent is not None else None


def first(parent: ET.Element, name: str) -> ET.Element:
    """The same, which must be there. Raises InvalidContent("file")."""
    one = found(parent, name)
    if one is None:
        raise bad()
    return one


def raw(parent: ET.Element | None, name: str) -> str:
    """The text of the child of this name, "" for none."""
    children = () if parent is None else parent
    return next((one.text or "" for one in children if local(one) == name), "")


def text(parent: ET.Element | None, name: str) -> str:
    """The same in one line, bounded. Raises InvalidContent("file")."""
    return clean(raw(parent, name))


def clean(said: str) -> str:
    """A text in one line. Raises InvalidContent("file") where it is too long, or bears signs that mislead a reader."""
    if len(said) > LONGEST or REFUSED.search(said):
        raise bad()
    return " ".join(said.split())


def day(said: str) -> date | None:
    """The date that a text begins with, 2026/02/05 or 05/02/2026; None: it begins with none."""
    match = re.match(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})(?!\d)|(\d{1,2})/(\d{1,2})/(\d{4})(?!\d)", said, re.ASCII)
    if match is None:
        return None
    year, month, of_month, other_day, other_month, other_year = match.groups()
    try:
        return date(int(year or other_year), int(month or other_month), int(of_month or other_day))
    except ValueError as error:
        raise bad() from error


def bad() -> InvalidContent:
    """What is said of a file that is no message."""
    return InvalidContent("file", Reason(N_("không phải là tệp edXML đọc được")))
