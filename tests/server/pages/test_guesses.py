"""Wrong codes are counted by the address that they come from; right ones always open."""

import pytest

from server.auth import utcnow
from server.clients import CODE_ATTEMPTS
from server.keys import TOKENS
from tests.server.pages.conftest import Office, Page


@pytest.fixture(autouse=True)
def _few(office: Office) -> None:
    office.server.app[CODE_ATTEMPTS]._allowed = 3


async def comes(office: Office, code: str, address: str, path: str = "/sign-in") -> Page:
    """Somebody behind the proxy at `address` brings a code."""
    visitor = office.stranger()
    visitor.session.headers["X-Forwarded-For"] = address
    return await visitor.post(path, {"code": code})


async def test_after_many_wrong_codes_from_one_address_wrong_ones_wait_and_right_ones_open(office: Office) -> None:
    for path in ("/sign-in", "/guest", "/sign-in"):
        assert (await comes(office, "guess", "203.0.113.5", path)).status in (401, 422)
    for path in ("/sign-in", "/guest"):
        refused = await comes(office, "guess", "203.0.113.5", path)
        assert refused.status == 429
        assert "Mã đúng vẫn dùng được" in refused.words
    good = office.server.app[TOKENS].sign_in("binh", utcnow())
    assert (await comes(office, good, "203.0.113.5")).status == 303, "a neighbour has not made the mistakes"


async def test_other_addresses_are_not_counted_together(office: Office) -> None:
    for last in range(5):
        assert (await comes(office, "guess", f"203.0.113.{last}")).status == 401
    # What a client writes there itself stands before what the proxy adds.
    for _ in range(3):
        assert (await comes(office, "guess", "192.0.2.1, 198.51.100.7")).status == 401
    assert (await comes(office, "guess", "192.0.2.2, 198.51.100.7")).status == 429


async def test_of_ipv6_the_network_counts(office: Office) -> None:
    for last in range(3):
        assert (await comes(office, "guess", f"2001:db8:1:2::{last}")).status == 401
    assert (await comes(office, "guess", "2001:db8:1:2:aaaa::1")).status == 429
    assert (await comes(office, "guess", "2001:db8:1:3::1")).status == 401


async def test_where_the_proxy_does_not_say_who_it_is_nobody_is_locked_out(office: Office) -> None:
    for _ in range(6):
        assert (await comes(office, "guess", "")).status == 401
