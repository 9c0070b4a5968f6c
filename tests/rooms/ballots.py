"""How tests vote."""

import pytest

from rooms import CastBallot, CloseVote, Refused

CODES = {"hanh": "HANH22222222", "dung": "DXNG22222222", "lan": "AAAA22222222", "minh": "MMMM22222222"}


def refused(hall, person, command):
    with pytest.raises(Refused) as caught:
        hall.do(person, command)
    return caught.value.code


def cast(hall, **choices):
    for person, choice in choices.items():
        hall.do(person, CastBallot("v1", choice))


def drop_in(hall, **choices):
    for person, choice in choices.items():
        hall.do(person, CastBallot("v1", choice, code=CODES[person]))


def closing(hall, vote="v1"):
    """What everybody is told of the vote when it closes."""
    return hall.told(hall.do(hall.hanh, CloseVote(vote)), "vote")[-1]
