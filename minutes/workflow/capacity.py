"""In whose place somebody signs, and the lines above the signature that say so.

Decree 30/2020, art. 13, and Appendix I, II.7 (box 7a): TM. before the name of the collective or agency; Q. before the
position of who was given the head's powers; KT. where a deputy, TL. where the head of a unit signs by order, TUQ. by
authorisation: each before the position of the head.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from minutes.errors import N_, Reason, Refused


class Capacity(StrEnum):
    """The value stands before the head's position, with a full stop; "" is the head, in his or her own right."""

    OWN = ""
    ACTING = "Q"
    DEPUTY = "KT"
    BY_ORDER = "TL"
    AUTHORISED = "TUQ"


CAPACITY_NAMES: Mapping[Capacity, str] = MappingProxyType(
    {
        Capacity.OWN: N_("Người đứng đầu ký"),
        Capacity.ACTING: N_("Quyền cấp trưởng (Q.)"),
        Capacity.DEPUTY: N_("Cấp phó ký thay (KT.)"),
        Capacity.BY_ORDER: N_("Ký thừa lệnh (TL.)"),
        Capacity.AUTHORISED: N_("Ký thừa ủy quyền (TUQ.)"),
    }
)

DELEGATED = frozenset({Capacity.ACTING, Capacity.BY_ORDER, Capacity.AUTHORISED})
"""Needs a decision or rule that says so (art. 13.3, 13.4). A deputy signs by the standing division of work (13.1); but
where one is on record for a deputy, it binds."""

_COLLECTIVE = frozenset({Capacity.OWN, Capacity.ACTING, Capacity.DEPUTY})
"""May sign for the collective; the two others are given by the head alone."""

_MARKED = re.compile(r"(?:TM|Q|KT|TL|TUQ)\.")


@dataclass(frozen=True, slots=True)
class Signing:
    """What is chosen for a signer. Positions in plain words: `head` "Chủ tịch", `own` "Phó Chủ tịch"; `collective` the
    body that is signed for, "" if none; `superior` the head of the signer's own unit, for a deputy who signs for him or
    her by order (TL. CHỦ TỊCH, KT. CHÁNH VĂN PHÒNG, PHÓ CHÁNH VĂN PHÒNG: art. 13.4)."""

    capacity: Capacity
    head: str
    own: str = ""
    collective: str = ""
    superior: str = ""


def title_lines(chosen: Signing) -> tuple[str, ...]:
    """The lines above the signature, from top to bottom. Raises Refused("wrong_capacity")."""
    capacity = chosen.capacity
    head, own, collective, superior = (
        " ".join(text.split()).upper() for text in (chosen.head, chosen.own, chosen.collective, chosen.superior)
    )
    if any(_MARKED.match(text) for text in (head, own, collective, superior)):
        _refuse(N_("Ghi chức vụ đầy đủ, không kèm TM., KT., TL., TUQ., Q.; phần mềm tự ghi."))
    if not head:
        _refuse(N_("Xin ghi chức vụ của người đứng đầu."))
    if collective and capacity not in _COLLECTIVE:
        _refuse(N_("Ký thừa lệnh, thừa ủy quyền là ký cho người đứng đầu, không ký thay mặt tập thể."))
    if superior and capacity is not Capacity.BY_ORDER:
        _refuse(N_("Chỉ khi ký thừa lệnh mới ghi chức vụ cấp trưởng của đơn vị."))
    first = (f"TM. {collective}",) if collective else ()
    if capacity is Capacity.OWN:
        return (*first, head)
    if capacity is Capacity.ACTING:
        return (*first, f"Q. {head}")
    if not own:
        _refuse(N_("Xin ghi chức vụ của người ký."))
    if own == head:
        _refuse(N_("Người đứng đầu ký thì không ghi KT., TL., TUQ. cho chính mình."))
    if superior:
        return (f"TL. {head}", f"KT. {superior}", own)
    return (*first, f"{capacity.value}. {head}", own)


def on_behalf(lines: tuple[str, ...], collective: str) -> tuple[str, ...]:
    """`lines` of who chairs the collective, or signs for who does, as signed in its name; other lines as they are."""
    chairs = lines[0] in ("CHỦ TỊCH", "Q. CHỦ TỊCH", "KT. CHỦ TỊCH")
    return (f"TM. {collective.upper()}", *lines) if collective and chairs else lines


def _refuse(text: str) -> None:
    raise Refused("wrong_capacity", Reason(text))


_UNIT_WORDS = re.compile(
    r"\s+(?:UBND|HĐND|Ủy ban nhân dân|Uỷ ban nhân dân|Hội đồng nhân dân)(?:\s.*)?$", re.IGNORECASE
)  # fmt: skip


def position(title: str) -> str:
    """The position without the name of the authority: "Phó Chủ tịch UBND tỉnh" is "Phó Chủ tịch"."""
    return _UNIT_WORDS.sub("", title.strip())


def suggested(title: str, collective: str = "") -> Signing:
    """How somebody with this title usually signs: a deputy for the head, everybody else in their own right."""
    own = position(title)
    if own[:4].casefold() == "phó ":
        head = own[4:]
        return Signing(Capacity.DEPUTY, head[:1].upper() + head[1:], own, collective)
    return Signing(Capacity.OWN, own, "", collective)


def capacity_of(lines: tuple[str, ...]) -> Capacity:
    """The capacity that printed lines say: the first mark but TM."""
    for line in lines:
        mark = line.partition(".")[0]
        if mark in (one.value for one in Capacity if one is not Capacity.OWN):
            return Capacity(mark)
    return Capacity.OWN
