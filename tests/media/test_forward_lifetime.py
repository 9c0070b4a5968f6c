"""What a worker owns, and until when: its socket until stop(), and what commands make until others end it."""

import os
import socket

import pytest

from media.forward import NEW_STREAM, Rewrite, make_worker
from tests.media.conftest import GCM128, LOOPBACK, Lab

AN, BINH, CHI = 1, 2, 3  # transports
VOICE, CAMERA = 11, 12  # SSRCs


@pytest.mark.parametrize("history", [0, 63, 1 << 20])
def test_worker_that_cannot_be_made_closes_nothing_of_others(native: bool, history: int):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        before = os.fstat(0)
        with pytest.raises(ValueError, match="history"):
            make_worker(bound.fileno(), history=history, native=native)
        assert os.fstat(0) == before, "descriptors that it does not have yet are not 0"


def test_socket_that_its_giver_closes_serves_the_worker_until_it_stops(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, VOICE, clock_rate=48000, nack=False)
    lab.route(an, VOICE, binh)
    number = lab.socket.fileno()
    lab.socket.close()
    other = lab.new_socket()
    assert other.fileno() == number, "the next socket has the number of the one that was closed"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"not the worker's", other.getsockname())
    an.say(1, 960, VOICE, b"good morning")
    assert [heard.payload for heard in binh.hear()] == [b"good morning"]
    assert other.recv(100) == b"not the worker's"
    lab.worker.stop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind((LOOPBACK, lab.address[1]))


def test_stopped_worker_can_be_stopped_again(lab: Lab):
    lab.worker.stop()
    lab.worker.stop()


def test_close_frees_what_hung_on_it(lab: Lab):
    an, binh, chi = lab.person(AN), lab.person(BINH), lab.person(CHI)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=True)
    lab.worker.source(BINH, CAMERA, clock_rate=90000, nack=False)
    fed_by_an, to_an = lab.route(an, CAMERA, binh), lab.route(binh, CAMERA, an)
    kept = lab.route(binh, CAMERA, chi)
    an.say(1, 0, CAMERA)
    an.say(3, 0, CAMERA)
    lab.settle()
    lab.worker.close(AN)
    lab.worker.close(AN)
    an.say(4, 0, CAMERA)
    binh.say(1, 0, CAMERA)
    assert len(chi.hear()) == 1
    assert an.hear_raw() == []
    assert lab.count("dropped_stranger") == 1
    assert lab.worker.sources(AN) == [] == lab.worker.sinks(AN) == lab.worker.sinks(BINH)
    assert lab.worker.resend(fed_by_an, [50]) == 0
    lab.worker.unroute(to_an)
    with pytest.raises(KeyError):
        lab.worker.pause(fed_by_an, True)
    # The places are used again, and nothing of the former owner shows.
    again = lab.person(AN)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=False)
    assert lab.worker.sources(AN)[0].packets == 0
    lab.route(again, CAMERA, chi, Rewrite(701, 100, 50, 0))
    assert lab.worker.resend(kept, [50]) == 1


def test_after_unroute_and_unsource_nothing_is_sent(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    for ssrc in (VOICE, CAMERA):
        lab.worker.source(AN, ssrc, clock_rate=90000, nack=False)
    lab.worker.unroute(lab.route(an, CAMERA, binh))
    lab.route(an, VOICE, binh, Rewrite(701, 100, 50, 0))
    lab.worker.unsource(AN, VOICE)
    an.say(1, 0, CAMERA)
    an.say(1, 0, VOICE)
    assert binh.hear_raw() == []
    assert [notice.ssrc for notice in lab.told(NEW_STREAM)] == [VOICE]


def test_stop_is_clean_and_final(lab: Lab):
    an, binh = lab.person(AN), lab.person(BINH)
    lab.worker.source(AN, CAMERA, clock_rate=90000, nack=True)
    sink = lab.route(an, CAMERA, binh)
    an.say(1, 0, CAMERA)
    lab.settle()
    lab.worker.stop()
    lab.worker.stop()
    worker = lab.worker
    an.say(2, 0, CAMERA)
    worker.open(5)
    worker.bind(AN, an.address)
    worker.target(AN, an.address)
    worker.keys(AN, GCM128, bytes(28), bytes(28))
    worker.source(AN, 5, clock_rate=90000, nack=False)
    worker.route(9, AN, CAMERA, BINH, Rewrite(5, 96, 0, 0))
    worker.switch(sink, AN, CAMERA)
    worker.pause(sink, True)
    worker.unroute(sink)
    worker.unsource(AN, CAMERA)
    worker.rtcp(AN, bytes(8))
    worker.send(b"x", an.address)
    worker.close(AN)
    worker.start()
    assert worker.poll() == worker.sources(AN) == worker.sinks(BINH) == []
    assert worker.resend(sink, [50]) == 0
    assert worker.counters()["forwarded"] == 1
    lab.socket.getsockname()  # still the caller's
