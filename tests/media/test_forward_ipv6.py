"""One socket for both families: whoever comes by IPv4 is known by an IPv4 address, and all hear each other."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.forward import DTLS, STUN, Rewrite
from media.forwarder import check_address
from tests.media.conftest import LOOPBACK, Lab

AN, BINH, CHI = 1, 2, 3  # transports
CAMERA = 12  # SSRC


@pytest.fixture
def lab(native: bool) -> Iterator[Lab]:
    made = Lab(native, host="::")  # with IPV6_V6ONLY off, as Linux has it
    yield made
    made.close()


def test_both_families_hear_each_other(lab: Lab):
    an, binh, chi = lab.person(AN, host="::1"), lab.person(BINH, host="::1"), lab.person(CHI)
    for speaker in (an, chi):
        lab.worker.source(speaker.number, CAMERA, clock_rate=90000, nack=False)
    lab.route(an, CAMERA, binh, Rewrite(700, 96, 50, 0))
    sink = lab.route(an, CAMERA, chi, Rewrite(701, 96, 50, 0))
    lab.route(chi, CAMERA, binh, Rewrite(702, 96, 50, 0))
    for i in range(20):
        an.say(i, i // 4, CAMERA, bytes([i]) * 900, marker=i % 4 == 3)
        chi.say(i, i // 4, CAMERA, bytes([i]) * 800, marker=i % 4 == 3)
    heard = binh.hear()
    assert [h.body[0] for h in heard if h.ssrc == 700] == list(range(20))
    assert [h.body[0] for h in heard if h.ssrc == 702] == list(range(20))
    assert len(chi.hear()) == 20
    assert lab.worker.resend(sink, range(50, 70)) == 20
    assert len(chi.hear_raw()) == 20
    assert lab.worker.counters()["send_failed"] == 0


def test_notice_names_the_address_in_its_one_form_and_an_answer_arrives(lab: Lab):
    by_six, by_four = lab.new_socket("::1"), lab.new_socket(LOOPBACK)
    by_six.sendto(b"\0six", ("::1", lab.address[1]))
    by_four.sendto(b"\0four", lab.address)
    notices = {notice.data: notice.address for notice in lab.told(STUN)}
    assert notices == {b"\0six": ("::1", by_six.getsockname()[1]), b"\0four": by_four.getsockname()}
    for asker, question in ((by_six, b"\0six"), (by_four, b"\0four")):
        address = notices[question]
        assert address is not None
        lab.worker.send(b"answer", address)
        asker.settimeout(5)
        assert asker.recv(100) == b"answer"


def test_every_way_to_write_an_address_means_the_same(lab: Lab):
    lab.worker.open(AN)
    six, four = lab.new_socket("::1"), lab.new_socket(LOOPBACK)
    lab.worker.bind(AN, ("0:0:0:0:0:0:0:1", six.getsockname()[1]))
    lab.worker.bind(AN, ("::ffff:127.0.0.1", four.getsockname()[1]))
    six.sendto(b"\x16six", ("::1", lab.address[1]))
    four.sendto(b"\x16four", lab.address)
    assert [notice.address for notice in lab.told(DTLS)] == [
        ("::1", six.getsockname()[1]),
        ("127.0.0.1", four.getsockname()[1]),
    ]


def test_close_forgets_addresses_of_both_families(lab: Lab):
    an, binh = lab.person(AN, host="::1"), lab.person(BINH)
    for person in (an, binh):
        lab.worker.close(person.number)
        person.say_raw(b"\x16")
    assert lab.count("dropped_stranger") == 2


@pytest.mark.parametrize("host", ["::1", "::ffff:1.2.3", "fe80::1%lo", "media.example", "1.2.3", ""])
def test_ipv4_socket_takes_no_ipv6(native: bool, host: str):
    lab = Lab(native)
    lab.worker.open(AN)
    with pytest.raises(ValueError):
        lab.worker.target(AN, (host, 5))
    lab.worker.target(AN, ("::ffff:1.2.3.4", 5))
    lab.close()


@given(st.ip_addresses(), st.integers(1, 65535))
def test_an_address_is_checked_into_one_form(address: object, port: int):
    text, number = check_address((str(address), port), True)
    assert check_address((text, number), True) == (text, number) == (text, port)
    assert "." not in text or ":" not in text
