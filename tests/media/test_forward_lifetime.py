"""What a worker owns, and until when: what commands make, until others end it."""

import pytest

from media.forward import NEW_STREAM, Rewrite
from tests.media.conftest import GCM128, Lab

AN, BINH, CHI = 1, 2, 3  # transports
VOICE, CAMERA = 11, 12  # SSRCs


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
