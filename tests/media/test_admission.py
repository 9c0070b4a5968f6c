"""What one person or one host may cost the loop that everybody shares."""

import os

from media import admission
from media.admission import Admission
from media.forward import PyWorker
from media.transport import NOTICES_AT_ONCE, Port
from tests.media.stage import IDENTITY, Caller


def test_one_person_with_many_transports_is_bounded_and_costs_nobody_else_anything() -> None:
    gate = Admission()
    taken = sum(gate.person("giao-ban", "minh", 0.1, 1) for _ in range(16 * NOTICES_AT_ONCE))
    assert taken == admission.PERSON_AT_ONCE
    assert gate.person("giao-ban", "lan", 0.1, 1)
    assert gate.person("another", "minh", 0.1, 1)
    assert gate.person("giao-ban", "minh", 10.0, 1)


def test_hosts_are_remembered_up_to_a_number_and_the_quietest_is_forgotten() -> None:
    gate = Admission()
    while gate.host("192.0.2.1", 0.0):
        pass
    for number in range(admission.MOST - 1):
        assert gate.host(f"198.51.{number >> 8}.{number & 255}", 0.0)
    assert not gate.host("192.0.2.1", 0.0)
    for number in range(admission.MOST):
        assert gate.host(f"203.0.{number >> 8}.{number & 255}", 0.0)
    assert gate.host("192.0.2.1", 0.0)  # forgotten


def test_viewers_of_one_token_share_a_bound_and_those_behind_a_gateway_do_not() -> None:
    for many in (False, True):
        caller = Caller()
        worker = PyWorker(caller.socket.fileno())
        port = Port(worker, IDENTITY, [("127.0.0.1", 9)], os.urandom)
        views = [port.open("giao-ban", "minh", "down", 0.0) for _ in range(16)]
        for view in views:
            view.payer = view.session if many else view.participant
        admitted = sum(port.admits(view, 1.0, 100) for view in views for _ in range(NOTICES_AT_ONCE))
        assert admitted == (16 * NOTICES_AT_ONCE if many else admission.PERSON_AT_ONCE)
        worker.stop()
        caller.socket.close()
