"""Who votes for whom is on record, and in the minutes."""

from rooms import CloseMeeting, Leave
from rooms.topics.proxies import EndProxy, NameProxy


def test_proxies_are_read_from_the_facts_with_their_time(open_hall):
    open_hall.do("dung", NameProxy("lan"))
    open_hall.do("dung", Leave())
    open_hall.wait(minutes=5)
    open_hall.do("hanh", EndProxy("dung"))
    open_hall.do("hanh", NameProxy("hanh", "dung"))
    open_hall.do("hanh", CloseMeeting())
    first, second = open_hall.room.proceedings.proxies()
    assert (first.person.id, first.holder.id, first.named_at) == ("dung", "lan", open_hall.start)
    assert first.ended_at == open_hall.now
    assert (second.person.id, second.holder.id, second.ended_at) == ("dung", "hanh", None)
