"""The names and shapes of everything said over a meeting's WebSocket.

PROTOCOL.md describes the same, and a test compares the two. `parse` is the only door for what a client sends:
whatever the JSON, it returns a command with bounded fields or raises BadMessage.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from rooms.errors import BadMessage
from rooms.fields import Command, names, read
from rooms.participant import Role
from rooms.topics import SAID, VIEWS

MAX_MESSAGE_ID = 2**53 - 1  # the largest integer that a browser counts exactly

# type -> (its class, the fields beside "type" and "id")
CLIENT_TYPES: Mapping[str, tuple[type[Command], tuple[str, ...]]] = MappingProxyType(
    {type: (said.command, names(said.command)) for type, said in SAID.items()}
)

PERMISSIONS: Mapping[str, Collection[Role]] = MappingProxyType({type: said.roles for type, said in SAID.items()})

# type -> the fields beside "type"
SERVER_TYPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "welcome": (
            "you",
            "room",
            *(view.welcome for view in VIEWS),
            "units",
            "speaker",
            "silent",
            "lines",
            "may",
            "ice",
            "transports",
            "now",
        ),
        **{view.type: (view.type,) for view in VIEWS},
        "speaker": ("participant",),
        "silent": ("participants",),
        "lines": ("lines",),
        "reaction": ("participant", "reaction"),
        "caption": ("participant", "text", "final"),
        "media.answer": ("sdp",),
        "media.offer": ("sdp", "tracks"),
        "media.closed": ("direction", "reason"),
        "media.ice": ("ice",),
        "media.wanted": ("rids",),
        "media.voice": ("kbps", "ptime"),
        "ack": ("id",),
        "error": ("id", "code", "message"),
        "media.hush": ("kind",),
        "waiting": ("waiting",),
        "bye": ("reason", "text"),
        "pong": (),
    }
)


def permitted(role: Role, type: str) -> bool:
    """Whether the role may send messages of the type at all; unknown types are nobody's."""
    return role in PERMISSIONS.get(type, ())


def parse(payload: object) -> Command:
    """The command in the decoded JSON of one client message. Raises BadMessage."""
    type = payload.get("type") if isinstance(payload, dict) else None
    if not isinstance(payload, dict) or not isinstance(type, str):
        raise BadMessage("bad_message", 'a message is a JSON object with a string "type"')
    if type not in CLIENT_TYPES:
        raise BadMessage("bad_message", f"unknown type {type[:40]!a}")
    message_id(payload)
    command, known = CLIENT_TYPES[type]
    for name in payload:
        if name not in known and name not in ("type", "id"):
            raise BadMessage("bad_message", f"{type} has no field {str(name)[:40]!a}")
    return read(command, payload)


def message_id(payload: object) -> int | None:
    """The id that the answer must carry, if the client gave one. Raises BadMessage if it is not a small integer."""
    value = payload.get("id") if isinstance(payload, dict) else None
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= MAX_MESSAGE_ID:
        raise BadMessage("bad_message", '"id" is an integer from 0 to 2^53-1')
    return value
