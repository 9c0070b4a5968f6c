"""The estimate of a line that is too narrow: found, kept, lost and found again, without a queue that anybody hears."""

from itertools import pairwise
from statistics import mean

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media import rtcp
from media.bandwidth import CALL, CEILING, FLOOR, GONE, SILENT, Estimator
from media.budget import FLOOR as SPEAKS
from media.budget import Video
from media.feedback import FeedbackWriter
from media.rtcp import Block, TransportFeedback
from tests.media.bottleneck import CAMERA, Line, Second, Subscriber

FIND = 20  # seconds in which the line's width is found


def worst_wait(seconds: list[Second]) -> float:
    return max(second.queue for second in seconds)


def spoken(seconds: list[Second]) -> float:
    """The share of speech that was lost."""
    return sum(second.speech_lost for second in seconds) / sum(second.speech for second in seconds)


@pytest.mark.parametrize("rate", [300_000, 1_000_000, 5_000_000])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_width_of_a_line_is_found_and_its_queue_stays_short(rate: int, seed: int) -> None:
    subscriber = Subscriber(Line(rate), seed=seed)
    subscriber.run(FIND)
    switched = subscriber.switches
    after = subscriber.run(40)
    assert 0.8 * rate <= mean(second.rate for second in after) <= rate
    assert min(second.rate for second in after) >= 0.7 * rate
    assert worst_wait(after) < 0.2
    assert spoken(after) == 0
    assert mean(second.sent for second in after) > 0.65 * rate, "the line is used"
    assert subscriber.switches - switched <= 20, "six pictures in forty seconds"
    assert sum(8 * second.padding for second in after) < 0.05 * sum(second.sent for second in after)


def test_a_line_with_hardly_any_queue_is_used_without_losing_speech() -> None:
    subscriber = Subscriber(Line(1_000_000, queue=0.05))
    subscriber.run(FIND)
    after = subscriber.run(30)
    assert mean(second.rate for second in after) > 700_000
    assert spoken(after) < 0.01


def test_a_line_that_did_not_even_bear_the_voices_is_tried_again_as_soon_as_any_other() -> None:
    line = Line(3_000_000)
    subscriber = Subscriber(line)
    subscriber.run(15)
    line.rate = 40_000
    subscriber.run(20)
    assert subscriber.steps == {}
    line.rate = 3_000_000
    subscriber.run(20)
    assert subscriber.steps


def test_speech_stays_on_a_line_of_64_kilobits() -> None:
    subscriber = Subscriber(Line(64_000))
    subscriber.run(5)
    after = subscriber.run(40)
    assert spoken(after) == 0
    assert sum(second.queue > 0.2 for second in after) <= 2
    assert subscriber.steps == {}


def test_chance_losses_of_a_tenth_do_not_starve_a_line_that_is_not_full() -> None:
    subscriber = Subscriber(Line(300_000, loss=0.1))
    after = subscriber.run(60)
    assert min(second.rate for second in after) > 180_000
    assert mean(second.rate for second in after) > 230_000
    assert subscriber.steps["dung"] >= (0, 0)
    wide = Subscriber(Line(2_000_000, loss=0.1))
    wide.run(60)
    assert mean(second.rate for second in wide.run(10)) > 1_200_000


def test_losses_in_a_row_do_not_starve_a_line_that_is_not_full() -> None:
    """A radio in the shadow of something that passes: a tenth of a second of every one and a half."""
    subscriber = Subscriber(Line(2_000_000, shadow=0.1, every=1.5))
    subscriber.run(30)
    assert mean(second.rate for second in subscriber.run(20)) > 1_300_000


def test_losses_in_a_row_of_a_line_that_drops_what_is_too_much_are_answered() -> None:
    """Pictures come in bursts, and what does not fit into a queue of three packets is lost in a row."""
    subscriber = Subscriber(Line(500_000, queue=0.03), start=2_000_000)
    subscriber.run(FIND)
    after = subscriber.run(20)
    assert mean(second.rate for second in after) < 550_000


def test_a_line_at_ease_is_judged_seldom_and_one_whose_queue_begins_to_grow_at_once() -> None:
    subject, writer, judged = Estimator(0.0), FeedbackWriter(1), []
    for step in range(200):
        now, waits = 0.05 * step, 0.02 if step < 150 else 0.02 + 0.004 * (step - 149)
        sent = [(4 * step + part & 0xFFFF, round(1e6 * (now - 0.05 + 0.01 * part)), 1000) for part in range(4)]
        subject.sent(sent)
        for data in writer.write(5, [(number, at + round(1e6 * waits)) for number, at, _ in sent]):
            [report] = rtcp.read(data)
            assert isinstance(report, TransportFeedback)
            before = subject._judged
            subject.feedback(report, now)
            judged += [step] if subject._judged != before else []
    assert {after - before for before, after in pairwise(judged) if 40 < before < 140} <= {8, 9}
    assert {after - before for before, after in pairwise(judged) if before > 155} == {2}


def test_losses_of_a_line_that_is_full_are_answered() -> None:
    """Its queue holds two packets, so that the delay says little: loss does."""
    subscriber = Subscriber(Line(300_000, queue=0.05), start=1_000_000)
    subscriber.run(FIND)
    after = subscriber.run(20)
    assert 150_000 < mean(second.rate for second in after) < 320_000


def test_a_line_that_is_widened_is_used_again_and_one_that_is_narrowed_is_left() -> None:
    subscriber = Subscriber(Line(300_000))
    subscriber.run(40)
    subscriber.line.rate = 2_000_000
    subscriber.run(30)
    assert subscriber.estimator.rate > 1_400_000
    assert subscriber.steps["dung"][0] >= 1
    subscriber.line.rate = 300_000
    subscriber.run(4)
    after = subscriber.run(20)
    assert mean(second.rate for second in after) <= 300_000
    assert worst_wait(after) < 0.3
    assert spoken(after) == 0


@pytest.mark.parametrize("seconds", [5, 45])
def test_a_line_that_was_cut_is_used_as_before_within_two_seconds(seconds: int) -> None:
    subscriber = Subscriber(Line(1_000_000))
    subscriber.run(30)
    before = subscriber.estimator.rate
    subscriber.line.cut = True
    subscriber.run(seconds)
    assert subscriber.estimator.rate <= before / 2
    subscriber.line.cut = False
    subscriber.run(2)
    assert subscriber.estimator.rate >= 0.7 * before
    assert worst_wait(subscriber.run(10)) < 0.2


def test_a_declared_line_is_never_exceeded() -> None:
    subscriber = Subscriber(Line(3_000_000), declared=300_000)
    after = subscriber.run(30)
    assert max(second.rate for second in after) <= 300_000
    assert max(second.sent for second in after) <= 300_000
    subscriber.estimator.line = 40_000
    assert subscriber.estimator.rate == 40_000
    subscriber.estimator.line = None
    subscriber.run(30)
    assert subscriber.estimator.rate > 2_000_000


def test_what_is_not_wanted_is_neither_tried_nor_believed() -> None:
    """One small picture: nothing more is wanted, so the line is left in peace and the estimate where it was tested."""
    small = (Video("dung", SPEAKS, 0, 160, CAMERA),)
    subscriber = Subscriber(Line(5_000_000), videos=small)
    after = subscriber.run(30)
    assert sum(second.padding for second in after) == 0
    assert max(second.rate for second in after) < 400_000


def test_a_subscriber_without_feedback_is_not_probed_and_keeps_the_start() -> None:
    subscriber = Subscriber(Line(5_000_000), feedback=False)
    after = subscriber.run(10)
    assert sum(second.padding for second in after) == 0
    assert {second.rate for second in after} == {300_000}


def estimator(rate: int = 300_000) -> Estimator:
    return Estimator(0.0, start=rate)


def test_a_receivers_own_estimate_rules_where_there_is_no_feedback() -> None:
    subject = estimator()
    subject.remb(700_000, 1.0)
    assert subject.rate == 700_000
    subject.remb(1 << 40, 2.0)
    assert subject.rate == CEILING
    subject.remb(0, 3.0)
    assert subject.rate == FLOOR


def test_feedback_is_believed_before_a_receivers_own_estimate() -> None:
    subject = estimator()
    subject.sent([(1, 1_000_000, 100), (2, 1_010_000, 100)])
    [report] = rtcp.read(FeedbackWriter(1).write(5, [(1, 2_000_000), (2, 2_010_000)])[0])
    assert isinstance(report, TransportFeedback)
    subject.feedback(report, 1.05)
    subject.remb(5_000_000, 1.1)
    assert subject.rate == 300_000


def test_losses_in_receiver_reports_are_answered_where_there_is_no_feedback() -> None:
    """A line of 500 kbit/s that drops what is too much."""
    subject, lost = estimator(1_000_000), 0
    for second in range(1, 40):
        lost += round(100 * max(0.0, 1 - 500_000 / subject.rate))
        subject.reports([Block(7, 0, lost, second * 100, 0, 0, 0)], subject.rate, float(second))
    assert 400_000 < subject.rate < 600_000


def test_without_feedback_and_losses_the_estimate_grows_to_what_was_sent_and_some() -> None:
    subject = estimator()
    for second in range(1, 60):
        subject.reports([Block(7, 0, 0, second * 100, 0, 0, 0)], 400_000, float(second))
    assert 500_000 < subject.rate <= 1.5 * 400_000 + 10_000


def test_the_longer_a_silence_the_less_the_estimate_until_the_line_is_back() -> None:
    subject = estimator()
    writer = FeedbackWriter(1)
    subject.sent([(number, 1_000_000 + 10_000 * number, 500) for number in range(10)])
    [report] = rtcp.read(writer.write(5, [(number, 10_000 * number) for number in range(10)])[0])
    assert isinstance(report, TransportFeedback)
    subject.feedback(report, 1.2)
    subject.sent([(10, 2_000_000, 500)])
    subject.tick(2.0 + SILENT - 0.1)
    assert subject.rate == 300_000
    subject.tick(2.0 + SILENT + 0.01)
    assert 140_000 < subject.rate < 150_000
    subject.tick(2.0 + 1.4 * SILENT)
    assert 100_000 < subject.rate < 120_000
    assert not subject.gone
    subject.tick(2.0 + GONE + 0.1)
    assert subject.gone
    assert subject.rate < 80_000
    subject.tick(60.0)
    assert subject.rate == FLOOR
    subject.sent([(11, 60_000_000, 100)])
    [report] = rtcp.read(writer.write(5, [(11, 1_000_000)])[0])
    assert isinstance(report, TransportFeedback)
    subject.feedback(report, 60.1)
    assert (subject.gone, subject.rate) == (False, 240_000)


def test_who_has_gone_is_called_with_a_little_padding_and_only_where_nothing_else_is_sent() -> None:
    subscriber = Subscriber(Line(1_000_000))
    subscriber.run(10)
    subscriber.line.cut = True
    subscriber.run(4)
    assert subscriber.estimator.gone
    asked = [subscriber.estimator.probe(subscriber.now + step / 10, 9_000_000) for step in range(20)]
    assert asked.count(CALL) in (6, 7)
    assert asked.count(0) == 20 - asked.count(CALL)
    subscriber.run(1)
    assert subscriber.seconds[-1].padding == 0, "speech calls, too"


def test_feedback_on_packets_that_nobody_knows_changes_nothing() -> None:
    subject = estimator()
    subject.sent([(100, 1_000_000, 500), (101, 1_001_000, 500)])
    subject.feedback(TransportFeedback(5, 20_000, 0, 0, b"\0" * 100, ()), 1.1)
    subject.feedback(TransportFeedback(5, 90, 1, 0, b"\1\1", (1, 1)), 1.2)
    subject.feedback(TransportFeedback(5, 100, 2, 0, b"\1\1\1\1", (1, 1, 1, 1)), 1.3)
    assert subject.rate == 300_000


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 0xFFFF),
            st.integers(0, 0xFFFFFF),
            st.lists(st.tuples(st.sampled_from((0, 1, 2)), st.integers(-0x8000, 0x7FFF)), min_size=1, max_size=40),
            st.floats(0, 3),
        ),
        max_size=12,
    ),
    st.integers(0, 0xFFFF),
)
def test_whatever_feedback_says_the_estimate_stays_within_its_bounds(
    reports: list[tuple[int, int, list[tuple[int, int]], float]], first: int
) -> None:
    subject, now = Estimator(0.0, line=2_000_000), 0.0
    for count, (base, reference, statuses, passed) in enumerate(reports):
        now += passed
        sequence = first + 40 * count
        subject.sent([(sequence + step & 0xFFFF, int(now * 1e6), 1000) for step in range(40)])
        deltas = tuple(delta if status == rtcp.LARGE else delta & 0xFF for status, delta in statuses if status)
        close = sequence + base % 60 - 10 & 0xFFFF
        report = TransportFeedback(5, close, count, reference, bytes(status for status, _ in statuses), deltas)
        subject.feedback(report, now)
        subject.tick(now)
        assert FLOOR <= subject.rate <= 2_000_000
        assert 0 <= subject.probe(now, 5_000_000) <= 64_000
