"""Putting a question to the vote: roll call or secret ballot.

Ballots belong to people, whatever device they come from; a later one replaces the earlier until the vote is closed, and
who leaves, or comes back in a role without a vote, has voted. `vote.decide` says who counts, `proxies` who may vote for
whom. A vote with a time closes by itself.

**Roll call.** Each ballot is a fact with its voter. While the vote is open everybody sees how it stands; who chose
what is told at the end (three hundred ballots would otherwise be told three hundred times to three hundred people).

**Secret ballot.** No stored row links a voter to a choice. Casting makes no fact: the ballots of an open vote are in
the server's memory and nowhere else. Closing makes one fact, which has the count, who has voted and who was there and
has not (both sorted by identifier), and the ballots (sorted by their codes); then memory forgets them. What each of the
following has:

- *The disk* (database, its journal, backups, the exported proceedings, the minutes) has before the closing that a vote
  is open, and after it two lists that nothing joins: no order, no time, no digest of single ballots, no actor, no
  trace of a changed mind. It never has who holds which code. Logs have no message's content.
- *The voter's client* draws the code (60 bits) and shows it with the choice to nobody else. At the end its page looks
  for the code in the list: it is there with the choice that was made, or the vote was not counted honestly, and the
  voter can say so, though not without showing the choice. A code is a receipt: who shows it to a buyer proves a vote.
  Papers in an urn do not have this weakness; they also cannot be checked.
- *The server's operator* who reads the process's memory (or its swap) while the vote is open can know everything,
  as can who runs an altered program; the code lists show altered and dropped ballots to their voters, and the list of
  voters, with its number, added ones to everybody. Against a spying operator there is no defence here but the
  organisation's: the swap off or encrypted, two people at the machine.
- *The line* is encrypted, and ballots are filled up to one length. *The room* sees the number of ballots
  grow and may notice who has just touched their screen: that somebody has voted is no secret, and no partial count is
  shown from which the choice would follow.
- *Arithmetic* is not fought: if all chose the same, or two people voted, or all but one tell, the count tells. For
  the same reason there are no late ballots in a secret vote: see `rooms.topics.late`.

**Crash.** A secret vote that was open when the server stopped, planned or not, has lost its ballots, for they were in
no other place. The first thing on record after the restart is `vote_resumed` with `void`: all are told, and vote
anew in the next round, with the whole time. Nothing is lost in silence and nothing counts twice. A roll call keeps its
ballots; only its time runs anew, since nobody could vote meanwhile. A crash between closing and telling finds the
closing fact on disk or not: then the vote is counted, or it is void and begins anew.
"""

from rooms.topics.voting.acts import MAX_CHANGES, VOTING, CastBallot, CloseVote, OpenVote, lost, open_vote, unheard
from rooms.topics.voting.vote import VOTES, Vote

__all__ = [
    "MAX_CHANGES",
    "VOTES",
    "VOTING",
    "CastBallot",
    "CloseVote",
    "OpenVote",
    "Vote",
    "lost",
    "open_vote",
    "unheard",
]
