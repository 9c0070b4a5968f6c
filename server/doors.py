"""The doors: every way by which something that people wrote comes in, and who looks there for state secrets.

No state secret may be drafted, sent or kept here (Law 117/2025/QH15). Where something begins or is uploaded its class
is asked first; what is declared as secret is refused, and so is whatever bears a mark of secrecy. A form whose door is
not listed is looked at like any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from minutes.secrecy import secrecy_mark
from server.errors import Problem
from server.i18n import N_

FIELD = "secrecy"
"""Of the form that asks for the class."""
CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "none": N_("Không chứa bí mật nhà nước"),
        "secret": N_("Có, độ Mật"),
        "top": N_("Có, độ Tối mật"),
        "utmost": N_("Có, độ Tuyệt mật"),
    }
)
UNASKED = N_("Xin trả lời trước: nội dung có chứa bí mật nhà nước không?")


class Look(Enum):
    """Who looks for marks of secrecy at a door."""

    FORM = "form"
    """server.pages.form, in every field, before anything else is done with them."""
    PAGE = "page"
    """The page or the use case, which says beside the field what is wrong with it."""
    FILE = "file"
    """As FORM, and whoever opens the file looks at its name and the text of its pages."""
    MESSAGES = "messages"
    """server.signalling or server.editing.live, in every message."""
    NOBODY = "nobody"
    """Nothing that people wrote is kept: `why` says what comes in."""


@dataclass(frozen=True, slots=True)
class Door:
    """`asks`: something begins here, so its class is asked first. `file`: a form with a file in it; any other form is
    read no further than what people can have typed."""

    look: Look
    asks: bool = False
    why: str = ""
    file: bool = False


_SDP = Door(Look.NOBODY, why="session descriptions of media")
_PICTURE = Door(Look.FORM, why="the file is a picture of a signature or seal, and drawn anew", file=True)
_SIGNING = Door(Look.NOBODY, why="signatures and files that extend the very bytes that were issued")

DOORS: Mapping[tuple[str, str], Door] = MappingProxyType(
    {
        ("POST", "/desk/new"): Door(Look.PAGE, asks=True),
        ("POST", "/desk/{id}/edit"): Door(Look.PAGE),
        ("POST", "/desk/{id}/{act}"): Door(Look.PAGE),
        ("POST", "/meetings/new"): Door(Look.PAGE, asks=True),
        ("POST", "/meetings/{id}/edit"): Door(Look.PAGE),
        ("POST", "/meetings/series/new"): Door(Look.PAGE, asks=True),
        ("POST", "/meetings/series/{series}/{day}/change"): Door(Look.PAGE),
        ("POST", "/meetings/series/{series}/{day}/{act}"): Door(Look.PAGE),
        ("POST", "/meetings/{id}/cancel"): Door(Look.PAGE),
        ("POST", "/meetings/rooms/{room}"): Door(Look.PAGE),
        ("POST", "/meetings/council"): Door(Look.PAGE),
        ("POST", "/meetings/{id}/guests"): Door(Look.PAGE),
        ("POST", "/guest"): Door(Look.PAGE),
        ("POST", "/meetings/{id}/papers"): Door(Look.FILE, asks=True, file=True),
        ("POST", "/meetings/{id}/papers/{paper}/notes/{page}"): Door(Look.FORM),
        ("POST", "/workflow/{kind}"): Door(Look.FORM),
        ("POST", "/workflow/days"): Door(Look.FORM),
        ("POST", "/workflow/days/decision"): Door(Look.FORM),
        ("POST", "/delegations"): Door(Look.FORM),
        ("POST", "/begin"): Door(Look.FORM),
        ("POST", "/people/new"): Door(Look.FORM),
        ("POST", "/people/{id}"): Door(Look.FORM),
        ("POST", "/people/import"): Door(Look.FORM),
        ("POST", "/people/units/new"): Door(Look.FORM),
        ("POST", "/people/units/{id}"): Door(Look.FORM),
        ("POST", "/checkin"): Door(Look.FORM),
        ("POST", "/rooms/{room}/sites/{site}/people"): Door(Look.FORM),
        ("POST", "/desk/{id}/redact"): Door(Look.FORM),
        ("POST", "/search/saved"): Door(Look.FORM),
        ("POST", "/registers/out"): Door(Look.FORM, asks=True),
        ("POST", "/registers/out/end"): Door(Look.FORM),
        ("POST", "/registers/in"): Door(Look.FILE, asks=True, file=True),
        ("POST", "/registers/in/edxml"): Door(Look.FILE, asks=True, file=True),
        ("POST", "/registers/in/{year}/{number}/direct"): Door(Look.FORM),
        ("POST", "/registers/waiting/{id}/{act}"): Door(Look.FORM, why="the document was looked at when it came"),
        ("POST", "/tasks/{id}/{act}"): Door(Look.FILE, file=True),
        ("POST", "/casefiles"): Door(Look.FORM),
        ("POST", "/casefiles/disposal"): Door(Look.FORM),
        ("POST", "/incidents/report"): Door(Look.FORM),
        ("POST", "/incidents/{id}/erase"): Door(Look.FORM),
        ("POST", "/incidents/{id}/release"): Door(Look.FORM),
        ("POST", "/casefiles/retention"): Door(Look.FORM),
        ("POST", "/casefiles/groups"): Door(Look.FORM),
        ("POST", "/casefiles/{id}/add"): Door(Look.FORM),
        ("POST", "/casefiles/{id}/take-out"): Door(Look.FORM),
        ("POST", "/casefiles/{id}/refuse"): Door(Look.FORM),
        ("POST", "/casefiles/{id}/submitted"): Door(Look.FORM),
        ("POST", "/described/{subject}/{ref}"): Door(Look.FORM),
        ("POST", "/desk/{id}/files"): Door(Look.FILE, asks=True, file=True),
        ("POST", "/desk/{id}/word"): Door(Look.FILE, asks=True, file=True),
        ("POST", "/desk/{id}/word/{answer}"): Door(Look.FORM, why="what was looked at when the file came"),
        ("GET", "/rooms/{room}/ws"): Door(Look.MESSAGES),
        ("GET", "/desk/{id}/ws"): Door(Look.MESSAGES),
        ("POST", "/verify"): Door(Look.FORM, why="the file is judged and forgotten", file=True),
        ("POST", "/account/picture"): _PICTURE,
        ("POST", "/certificates/picture"): _PICTURE,
        ("POST", "/certificates/{kind}/{holder}"): Door(Look.FORM, why="a certificate", file=True),
        ("POST", "/signing"): _SIGNING,
        ("POST", "/signing/begin"): Door(Look.FORM, why="a certificate"),
        ("POST", "/signing/finish"): Door(Look.FORM, why="a signature"),
        ("POST", "/signing/vgca/issue"): _SIGNING,
        ("POST", "/signing/vgca/state"): _SIGNING,
        ("POST", "/signing/vgca/upload"): _SIGNING,
        ("POST", "/rooms/{room}/line"): Door(Look.NOBODY, why="octets by which a line is measured"),
        ("POST", "/whip/{room}"): _SDP,
        ("POST", "/whip/{room}/{participant}"): _SDP,
        ("POST", "/whep/{room}"): _SDP,
        ("POST", "/whep/{room}/{participant}"): _SDP,
        ("DELETE", "/whip/{room}/sessions/{session}"): _SDP,
        ("DELETE", "/whep/{room}/sessions/{session}"): _SDP,
        ("PATCH", "/whip/{room}/sessions/{session}"): _SDP,
        ("PATCH", "/whep/{room}/sessions/{session}"): _SDP,
    }
)
"""By method and path as the route is written. Any other form is a Door(Look.FORM)."""

_ANY = Door(Look.FORM)


def door(method: str, path: str) -> Door:
    """The door of a route."""
    return DOORS.get((method, path), _ANY)


def examine(method: str, path: str, fields: Mapping[str, str]) -> None:
    """Look at a form that was sent to this route. Raises Problem("secret_class") where its content is declared as
    secret, Problem("secret_marking") where it bears a mark and its page does not look itself."""
    if fields.get(FIELD, "none") in CLASSES.keys() - {"none"}:
        raise Problem("secret_class")
    if door(method, path).look is not Look.PAGE and any(map(secrecy_mark, fields.values())):
        raise Problem("secret_marking")


def unasked(fields: Mapping[str, str]) -> bool:
    """Whether the class of what begins here is still to be answered."""
    return fields.get(FIELD) != "none"
