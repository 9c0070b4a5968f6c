"""Who has the floor, by ear."""

from media.speaker import Speaker

SILENT, QUIET, TALKING, SHOUTING = 127, 65, 35, 15


def listen(speaker: Speaker, start: float, seconds: float, **levels: int) -> list[tuple[float, str | None]]:
    """Update five times a second; the changes with their times after `start`."""
    changes = []
    for step in range(round(seconds / 0.2)):
        if speaker.update(levels, start + step * 0.2):
            changes.append((round(step * 0.2, 1), speaker.current))
    return changes


def test_nobody_speaks_in_a_quiet_room() -> None:
    speaker = Speaker()
    assert listen(speaker, 0, 5, an=QUIET, binh=SILENT) == []
    assert speaker.current is None


def test_the_first_voice_has_the_floor_within_two_seconds() -> None:
    [(when, who)] = listen(Speaker(), 0, 5, an=TALKING, binh=QUIET)
    assert who == "an"
    assert when <= 2.0


def test_a_cough_does_not_take_the_floor() -> None:
    speaker = Speaker()
    listen(speaker, 0, 3, an=TALKING, binh=QUIET)
    assert listen(speaker, 3, 0.4, an=TALKING, binh=SHOUTING) == []
    assert listen(speaker, 3.4, 3, an=TALKING, binh=QUIET) == []


def test_another_voice_takes_over_after_about_a_second() -> None:
    speaker = Speaker()
    listen(speaker, 0, 3, an=TALKING, binh=QUIET)
    [(when, who)] = listen(speaker, 3, 5, an=QUIET, binh=TALKING)
    assert who == "binh"
    assert 0.8 <= when <= 2.5


def test_two_equally_loud_voices_do_not_flap() -> None:
    speaker = Speaker()
    listen(speaker, 0, 3, an=TALKING, binh=QUIET)
    now, changes = 3.0, 0
    for step in range(100):
        louder = {"an": TALKING, "binh": TALKING - 3} if step % 2 else {"an": TALKING - 3, "binh": TALKING}
        changes += speaker.update(louder, now + step * 0.2)
    assert changes == 0


def test_a_voice_that_is_hardly_louder_does_not_interrupt() -> None:
    speaker = Speaker()
    listen(speaker, 0, 3, an=TALKING, binh=QUIET)
    assert listen(speaker, 3, 10, an=TALKING, binh=TALKING - 3) == []


def test_the_floor_stays_with_the_last_speaker_in_silence() -> None:
    speaker = Speaker()
    listen(speaker, 0, 3, an=TALKING, binh=QUIET)
    assert listen(speaker, 3, 10, an=SILENT, binh=QUIET) == []
    assert speaker.current == "an"


def test_the_floor_is_free_at_once_when_the_speaker_leaves() -> None:
    speaker = Speaker()
    listen(speaker, 0, 3, an=TALKING, binh=QUIET)
    assert listen(speaker, 3, 0.2, binh=QUIET) == [(0.0, None)]


def test_a_stalled_clock_does_not_hand_over_the_floor() -> None:
    speaker = Speaker()
    listen(speaker, 0, 3, an=TALKING, binh=QUIET)
    assert not speaker.update({"an": QUIET, "binh": TALKING}, 500.0)
    assert speaker.current == "an"
