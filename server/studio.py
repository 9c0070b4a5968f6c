"""What is sent, recorded and captioned in a room, as its state says."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from media import Place, Router, Track
from media import events as news
from rooms import BreakRecording, Command, Fact, KeepSegments, Media, Participant, Refused, StartRecording, Tell
from rooms.state import State
from rooms.topics.captions import CAPTIONS, captioned
from rooms.topics.floor import microphone
from rooms.topics.grouping import GROUPS, group_of
from rooms.topics.interpreting import INTERPRETING
from rooms.topics.recording import RECORDING, recorded, records
from server.auth import utcnow
from server.captions import Captioner
from server.connection import Message
from server.recordings import Recorder
from server.streams import Source, Streams


class Studio:
    """The media side of one sitting. Owned: who publishes and watches (`streams`), the files of the recording; the
    rest is given. Whatever it is asked comes with the room's state, and what is to be told of it comes back.

    `speaker` is who is loudest in the main room, `lines` what participants have declared, in kbit/s."""

    def __init__(self, state: State, router: Router, recorder: Recorder, captioner: Captioner) -> None:
        self.router = router
        self.streams = Streams(router)
        self.speaker: str | None = None
        self.lines: dict[str, int] = {}
        self._recorder = recorder
        self._captioner = captioner
        self.router.floor(microphone(state))  # a meeting that goes on after a stop

    # --- what the room wants -------------------------------------------------------------------------------------

    def carry_out(self, state: State, effect: Media) -> list[Tell]:
        """One method an action; `_ACTIONS` has them all."""
        return _ACTIONS[effect.action](self, state, effect)

    def _leave(self, state: State, effect: Media) -> list[Tell]:
        self.router.leave(effect.participant)
        return []

    def _floor(self, state: State, effect: Media) -> list[Tell]:
        self.router.floor(effect.participant or None)
        return []

    def _record(self, state: State, effect: Media) -> list[Tell]:
        self.router.record(effect.participant, effect.action == "record" and self.streams.own(effect.participant))
        self._recorder.cut(effect.participant)
        if effect.participant == self.speaker:
            self._note_speaker(state)
        return []

    def _hear(self, state: State, effect: Media) -> list[Tell]:
        self.router.hear(effect.participant, effect.action == "hear" and self.streams.own(effect.participant))
        return []

    def _hush(self, state: State, effect: Media) -> list[Tell]:
        if not effect.participant:
            return self.hush("", True)
        return [Tell(effect.participant, {"type": "media.hush", "kind": effect.kind})]

    def hush(self, name: str, on: bool) -> list[Tell]:
        """Who publishes without a seat ("": everybody who does) has no page that could be asked."""
        return [_shown(source) for source in self.streams.hush(name, on)]

    def _place(self, state: State, effect: Media) -> list[Tell]:
        self.place(state, effect.participant)
        return [Tell(effect.participant, {"type": "speaker", "participant": self.heard_by(state, effect.participant)})]

    def _pause(self, state: State, effect: Media) -> list[Tell]:
        kind = effect.kind or "audio"
        self.router.pause(effect.participant, kind, bool(effect.paused))
        if effect.paused:
            self._recorder.pause(effect.participant, kind)
        return []

    def place(self, state: State, participant: str) -> None:
        """Tell the media plane where somebody is."""
        interpreting = INTERPRETING.of(state)
        place = Place(
            group_of(state, participant),
            interpreting.interpreters.get(participant, ""),
            interpreting.listeners.get(participant, ""),
        )
        self.router.place(participant, place)

    def heard_by(self, state: State, participant: str) -> str | None:
        """Who is loudest where somebody is: in their group, or in the main room."""
        return self.router.speaking(group_of(state, participant))

    # --- what is sent and watched --------------------------------------------------------------------------------

    def limit(self, participant: str, kbps: int | None, megabytes: int | None) -> None:
        """What the participant says that his line bears: pictures keep to it, and so do pages of papers."""
        self.router.limit(participant, kbps, megabytes)
        self.lines.pop(participant, None)
        if kbps is not None:
            self.lines[participant] = kbps

    def whip(self, state: State, source: Source, sdp: str) -> tuple[str, str, list[Tell]]:
        """Publish by WHIP: (session id, answer, what is to be told). Raises MediaError."""
        session, shown = self.streams.whip(state, source, sdp)
        return session.id, session.sdp, [] if shown is None else [_shown(shown)]

    def settle(self, state: State) -> list[Tell]:
        """After each step of the room: what it means for those who publish without a seat."""
        return [_shown(source) for source in self.streams.silence(state)]

    def receive(self, state: State, event: news.Event) -> list[Tell]:
        """News from the media plane."""
        match event:
            case news.Recorded():
                self._take(state, event)
            case news.OfferReady():
                tracks = [_track(track) for track in event.tracks]
                return [Tell(event.participant, {"type": "media.offer", "sdp": event.sdp, "tracks": tracks})]
            case news.Disconnected():
                return [*_closed(event), *self._source_gone(state, event)]
            case news.LayersWanted():
                return [Tell(event.participant, {"type": "media.wanted", "rids": list(event.rids)})]
            case news.VoiceWanted():
                voice = {"type": "media.voice", "kbps": event.kbps, "ptime": event.ptime}
                return [Tell(event.participant, voice)]
            case news.SpeakerChanged():
                return self._speaker_changed(state, event)
        return []

    def _take(self, state: State, event: news.Recorded) -> None:
        """What was under way when somebody refused, or switched off, is not kept either."""
        seat = state.people.get(event.participant)
        on = seat is not None and (seat.audio if event.kind == "audio" else seat.video)
        if not on or not self.streams.own(event.participant):
            return
        if records(state, event.participant):
            for participant in self._recorder.take(event):
                self.router.want_key(participant)
        if event.kind == "audio" and captioned(state, event.participant):
            self._captioner.take(event)

    def _speaker_changed(self, state: State, event: news.SpeakerChanged) -> list[Tell]:
        """What is heard in a group of those who meet apart ("": by all who are in none) concerns it alone."""
        if not event.group:
            self.speaker = event.participant
            self._note_speaker(state)
        message: Message = {"type": "speaker", "participant": event.participant}
        if not GROUPS.of(state).running:
            return [Tell(None, message)]
        return [Tell(id, message) for id in state.people if group_of(state, id) == event.group]

    def _source_gone(self, state: State, event: news.Disconnected) -> list[Tell]:
        source = self.streams.ended(event)
        if source is None:
            return []
        seat = state.people.get(event.participant, Participant(source.person))
        return [Tell(None, {"type": "participant", "participant": seat.to_json()})]

    # --- recording -----------------------------------------------------------------------------------------------

    async def prepare(self, command: Command) -> None:
        """The disk first, so that nobody is told of a recording that is none; and at the end, every file is whole
        before the recording, or the meeting, is over. Raises Refused."""
        if isinstance(command, StartRecording):
            await self._recorder.start()
        else:
            await self._recorder.finish()

    async def follow(self, state: State) -> list[Command]:
        """Files are written while the room says so; a step that could not be kept may have left it otherwise. What the
        room is to hear of it."""
        wanted = RECORDING.of(state).running
        if wanted and not self._recorder.running:
            try:
                await self._recorder.start()
            except Refused:
                return [BreakRecording()]
        elif self._recorder.running and not wanted:
            await self._recorder.finish()
        return []

    async def cut(self, state: State) -> list[Command]:
        """What is being recorded ends here and goes on in new files; as `follow`."""
        if not self._recorder.running:
            return []
        await self._recorder.finish()
        found = await self.follow(state)
        self._note_speaker(state)
        return found

    @property
    def broken(self) -> bool:
        """Nothing more can be recorded, though the room still says so."""
        return self._recorder.running and self._recorder.broken

    def segments(self) -> KeepSegments | None:
        """The files that have become whole since the last time."""
        found = self._recorder.segments()
        return KeepSegments(found) if found else None

    def kept(self, kept: KeepSegments) -> None:
        """These are facts."""
        self._recorder.kept(kept.segments)

    def put_back(self, kept: KeepSegments) -> None:
        """These could not be kept: they come again."""
        self._recorder.put_back(kept.segments)

    def _note_speaker(self, state: State) -> None:
        heard = self.speaker is not None and records(state, self.speaker)
        self._recorder.speaker(self.speaker if heard else None, utcnow())

    async def recover(self, facts: Iterable[Fact]) -> None:
        """After a stop or crash: the files that were being written become whole."""
        await self._recorder.recover([fact.data["file"] for fact in facts if fact.kind == "recording_segment"])

    def resume(self, state: State) -> None:
        """After a stop or crash: who agreed to be recorded or captioned is so again."""
        for participant in recorded(state):
            self.router.record(participant, self.streams.own(participant))
        for participant in CAPTIONS.of(state).consents:
            self.router.hear(participant, captioned(state, participant))

    async def release(self) -> None:
        """No file stays open."""
        await self._recorder.finish()


def _track(track: Track) -> Message:
    return {"mid": track.mid, "participant": track.participant, "kind": track.kind}


def _shown(source: Source) -> Tell:
    return Tell(None, {"type": "participant", "participant": source.to_json()})


def _closed(event: news.Disconnected) -> list[Tell]:
    if event.reason == "replaced":
        return []
    return [Tell(event.participant, {"type": "media.closed", "direction": event.direction, "reason": event.reason})]


_ACTIONS: Mapping[str, Callable[[Studio, State, Media], list[Tell]]] = MappingProxyType(
    {
        "leave": Studio._leave,
        "floor": Studio._floor,
        "record": Studio._record,
        "unrecord": Studio._record,
        "hear": Studio._hear,
        "unhear": Studio._hear,
        "pause": Studio._pause,
        "hush": Studio._hush,
        "place": Studio._place,
    }
)
