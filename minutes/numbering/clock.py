"""Whether this machine's clock can be believed: time goes on from what the newest number or checkpoint says."""

from datetime import datetime, timedelta

from minutes.content import VIETNAM
from minutes.errors import CLOCK_BEHIND, ClockBehind, Reason

TOLERANCE = timedelta(minutes=2)
"""A clock is set back by as much in daily work, by a time server or after a machine was moved."""


def behind(now: datetime, newest: datetime | None) -> bool:
    """Whether `now` is before what was dated last (None: nothing was)."""
    return newest is not None and newest - now > TOLERANCE


def refuse_behind(now: datetime, newest: datetime | None) -> None:
    """Raises ClockBehind: a number would be dated before its predecessor, a checkpoint before the former."""
    if newest is not None and behind(now, newest):
        raise ClockBehind(Reason(CLOCK_BEHIND, now=told(now), newest=told(newest)))


def told(moment: datetime) -> str:
    """Day and time in Viet Nam, to the second."""
    return f"{moment.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S}"
