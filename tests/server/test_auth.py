"""Tokens and sessions."""

from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from server import auth
from server.auth import Tokens
from server.errors import Problem
from server.keys import IDENTITY
from tests.server.conftest import Server

NOW = auth.utcnow()
SECRET = b"s" * 32


@pytest.mark.parametrize(
    "token",
    [
        "", "x.y.z", "é" * 10, "a" * 5000,
        jwt.encode({"alg": "HS256"}, {"use": "sign-in", "sub": "hanh", "exp": 9e9}, OctKey.import_key(b"t" * 32)),
        jwt.encode({"alg": "HS256"}, {"use": "sign-in", "sub": "hanh"}, OctKey.import_key(SECRET)),
        jwt.encode({"alg": "HS256"}, {"use": "other", "sub": "hanh", "exp": 2**33}, OctKey.import_key(SECRET)),
        "eyJhbGciOiJub25lIn0.eyJ1c2UiOiJzaWduLWluIiwic3ViIjoiaGFuaCIsImV4cCI6ODU4OTkzNDU5Mn0.",
    ],
)  # fmt: skip
def test_what_we_did_not_sign_is_no_token(token: str) -> None:
    with pytest.raises(Problem, match="bad_token"):
        Tokens(SECRET).read(token, NOW)


def test_a_token_ends() -> None:
    tokens = Tokens(SECRET)
    token = tokens.sign_in("hanh", NOW, timedelta(minutes=1))
    assert tokens.read(token, NOW)["sub"] == "hanh"
    with pytest.raises(Problem, match="bad_token"):
        tokens.read(token, NOW + timedelta(minutes=2))


async def test_a_session_ends_with_the_token_that_opened_it(server: Server) -> None:
    now = auth.utcnow()
    token = Tokens(auth.load_secret(server.data / "secret.key")).sign_in("hanh", now, timedelta(minutes=1))
    cookie, expires = await server.app[IDENTITY].begin(token, now)
    assert expires <= now + timedelta(minutes=1)
    assert await server.app[IDENTITY].session(cookie, now) is not None
    assert await server.app[IDENTITY].session(cookie, now + timedelta(minutes=2)) is None
