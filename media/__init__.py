"""Real-time media: one UDP port a worker, many rooms, selective forwarding. Knows nothing of meetings.

A module imports only modules listed above it:

    errors · events · rtp · payload · srtp · gcm · forwarder      (what a packet is, what a forwarder does)
    source · sink · lane · path · forward                         (the forwarder in Python and its parts)
    pace · parameters · sdp · sdp_writing · rtcp · stun · ice · dtls     (formats and protocols)
    feedback · delay · loss · probe · bandwidth · budget          (what a line carries, and on what it is spent)
    transport · encoding · producer · consumer · down · places · patchbay · quality  (what comes in, what goes out)
    speaker · audience · reception · line · distribution · taps · router (who sends what to whom)
    picture · depacketise · tape · webm                           (what is recorded, as the octets of files)
    sockets · endpoint · recording                                (sockets, files, clock: the only I/O)
"""

from media.endpoint import Endpoint
from media.errors import MediaError
from media.events import (
    Connected,
    Disconnected,
    Event,
    LayersWanted,
    OfferReady,
    Published,
    Recorded,
    SpeakerChanged,
    Track,
    Unpublished,
)
from media.places import Place
from media.quality import Grade, Quality
from media.recording import Failed, KeyWanted, Recording, Written, recover
from media.router import Router, Session

__all__ = [
    "Endpoint",
    "Router",
    "Session",
    "MediaError",
    "Event",
    "LayersWanted",
    "OfferReady",
    "Track",
    "Connected",
    "Disconnected",
    "Published",
    "Unpublished",
    "SpeakerChanged",
    "Place",
    "Grade",
    "Quality",
    "Recorded",
    "Recording",
    "Written",
    "KeyWanted",
    "Failed",
    "recover",
]
