"""Machine endpoints: health, metrics, OpenAPI, who is in a room."""

from collections import Counter

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from media import Endpoint
from server import auth, rights
from server.errors import Problem
from server.keys import DISKS, ENDPOINT, KEEPER, REFUSED, SITTINGS
from server.rights import MeetingAccess
from server.signalling import account_of
from server.sittings import seats

_GAUGES = {"transports", "producers", "consumers"}


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/healthz", healthz),
        web.get("/readyz", readyz),
        web.get("/metrics", metrics),
        web.get("/api/v1/openapi.json", openapi),
        web.get("/api/v1/rooms/{room}/participants", participants),
    ]


async def healthz(_request: web.Request) -> web.Response:
    """The process answers."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """The process can work: the database and the folders can be written, and the media port is open."""
    endpoint, wrong = request.app[ENDPOINT], await request.app[DISKS].wrong()
    if wrong:
        return web.json_response({"status": "not ready", "wrong": wrong}, status=503)
    return web.json_response({"status": "ready", "media": endpoint.implementation, "media_port": endpoint.port})


class _Collector:
    """The media plane's counters, what was refused by code, and damage in the archive, as Prometheus metrics."""

    def __init__(self, endpoint: Endpoint, refused: Counter[str], damaged: int) -> None:
        self._endpoint = endpoint
        self._refused = refused
        self._damaged = damaged

    def collect(self) -> list[CounterMetricFamily | GaugeMetricFamily]:
        found: list[CounterMetricFamily | GaugeMetricFamily] = []
        for name, value in self._endpoint.counters().items():
            family = GaugeMetricFamily if name in _GAUGES else CounterMetricFamily
            found.append(family(f"giaoban_media_{name}", f"Media plane: {name.replace('_', ' ')}.", value=value))
        refused = CounterMetricFamily(
            "giaoban_refused", "Requests and messages refused, by error code.", labels=["code"]
        )
        for code, times in sorted(self._refused.items()):
            refused.add_metric([code], times)
        damaged = GaugeMetricFamily(
            "giaoban_archive_damaged",
            "Damage in the archive that was found and is not mended yet.",
            value=self._damaged,
        )
        return [*found, refused, damaged]


async def metrics(request: web.Request) -> web.Response:
    """Prometheus text. Counters only: no names, no addresses."""
    registry = CollectorRegistry(auto_describe=False)
    alarm = await request.app[KEEPER].alarm()
    registry.register(_Collector(request.app[ENDPOINT], request.app[REFUSED], alarm.found if alarm else 0))
    return web.Response(body=generate_latest(registry), content_type="text/plain", charset="utf-8")


async def participants(request: web.Request) -> web.Response:
    """GET /api/v1/rooms/{room}/participants: ids, names and roles of those who are here, for those who may enter."""
    account = await account_of(request)
    room = request.match_info["room"]
    sitting = await request.app[SITTINGS].in_session(room)
    meeting = sitting.room.meeting if sitting is not None else None
    if not rights.may(account, "room.list", seats(meeting) if meeting else MeetingAccess(room, frozenset())):
        raise Problem("not_allowed")
    if sitting is None:
        return web.json_response({"room": room, "participants": []})
    present = [participant.to_json() for participant in sitting.room.participants if participant.present]
    others = [source.to_json() for source in sitting.studio.streams.sources.values()]
    publishing = frozenset(sitting.router.publishers())
    return web.json_response(
        {
            "room": room,
            "participants": [
                {"id": who["id"], "name": who["name"], "role": who["role"], "publishing": who["id"] in publishing}
                for who in {one["id"]: one for one in (*present, *others)}.values()
            ],
        }
    )


async def openapi(_request: web.Request) -> web.Response:
    """GET /api/v1/openapi.json: this interface, OpenAPI 3.1."""
    return web.json_response(OPENAPI)


_ERROR = {
    "description": "Refused; the sentence says why.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {"error": {"type": "string"}, "message": {"type": "string"}},
                "required": ["error", "message"],
            }
        }
    },
}


def _path(name: str) -> dict[str, object]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "maxLength": 64}}


def _sdp_operation(summary: str, *path: str) -> dict[str, object]:
    sdp = {"application/sdp": {"schema": {"type": "string", "maxLength": 65_536}}}
    return {
        "post": {
            "summary": summary,
            "security": [{"bearer": []}],
            "parameters": [_path(name) for name in path],
            "requestBody": {"required": True, "content": sdp},
            "responses": {
                "201": {
                    "description": "SDP answer; DELETE the Location to stop.",
                    "headers": {"Location": {"schema": {"type": "string"}}},
                    "content": sdp,
                },
                "4XX": _ERROR,
            },
        }
    }


def _session_operation(summary: str) -> dict[str, object]:
    return {
        "delete": {
            "summary": summary,
            "security": [{"bearer": []}],
            "parameters": [_path("room"), _path("session")],
            "responses": {"200": {"description": "Ended."}, "4XX": _ERROR},
        }
    }


OPENAPI: dict[str, object] = {
    "openapi": "3.1.0",
    "info": {"title": "Giaoban", "version": "1"},
    "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}},
    "paths": {
        "/api/v1/rooms/{room}/participants": {
            "get": {
                "summary": "Who is in the room.",
                "security": [{"bearer": []}],
                "parameters": [_path("room")],
                "responses": {
                    "200": {
                        "description": "Participants and media sources.",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["room", "participants"],
                                    "properties": {
                                        "room": {"type": "string"},
                                        "participants": {
                                            "type": "array",
                                            "items": {
                                                "type": "object",
                                                "required": ["id", "name", "role", "publishing"],
                                                "properties": {
                                                    "id": {"type": "string"},
                                                    "name": {"type": "string"},
                                                    "role": {"enum": list(auth.ROOM_ROLES)},
                                                    "publishing": {"type": "boolean"},
                                                },
                                            },
                                        },
                                    },
                                }
                            }
                        },
                    },
                    "4XX": _ERROR,
                },
            }
        },
        "/whip/{room}": _sdp_operation("Publish as the token's holder (WHIP, RFC 9725).", "room"),
        "/whip/{room}/{participant}": _sdp_operation(
            "Publish as any participant; needs a gateway token.", "room", "participant"
        ),
        "/whep/{room}": _sdp_operation("Watch the current speaker (WHEP).", "room"),
        "/whep/{room}/{participant}": _sdp_operation("Watch one publisher (WHEP).", "room", "participant"),
        "/whip/{room}/sessions/{session}": _session_operation("Stop publishing."),
        "/whep/{room}/sessions/{session}": _session_operation("Stop watching."),
    },
}
