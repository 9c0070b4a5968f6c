"""Packets become files that programs we did not write can play, whatever happens on the way."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest

from media.events import Recorded
from media.recording import Failed, KeyWanted, Recording, Writer, Written, recover
from media.tape import Block, Clock, Tape
from tests.media import footage

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def batch(codec, packets, *, participant="lan", ssrc=0, report=None):
    kind = "audio" if codec == "opus" else "video"
    ssrc, transport = ssrc or len(codec), len(participant)
    return Recorded("giao-ban", participant, kind, codec, footage.RATE[codec], transport, ssrc, tuple(packets), report)


def encoded(codec, count):
    return footage.tone(count) if codec == "opus" else footage.pictures(codec, count)


def footage_of(codec, count, **where):
    return footage.packets(codec, encoded(codec, count), **where)


def monotonic():
    return time.monotonic_ns() // 1000


def probe(path: Path):
    """What ffprobe sees: the stream, and the times of its frames; every frame must decode."""
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-show_packets", "-show_format", "-of", "json",
         path],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert told.stderr == ""
    found = json.loads(told.stdout)
    (stream,) = found["streams"]
    return stream, [float(packet["pts_time"]) for packet in found["packets"]], found["format"]


@pytest.mark.parametrize("codec", ["opus", "VP8", "VP9", "H264", "AV1"])
def test_a_track_plays_in_programs_of_others(tmp_path, codec):
    writer = Writer(tmp_path, 1)
    writer.take(batch(codec, footage_of(codec, 90, received=monotonic())))
    (written,) = writer.close()
    path = tmp_path / written.file
    stream, times, form = probe(path)
    assert stream["codec_name"] == codec.lower()
    assert int(stream["nb_read_frames"]) == len(times) == 90
    step = 0.02 if codec == "opus" else 1 / 30
    assert times == pytest.approx([step * number for number in range(90)], abs=0.001)
    assert float(form["duration"]) == pytest.approx(90 * step, abs=0.05)
    if codec != "opus":
        assert (stream["width"], stream["height"]) == (320, 240)
    info = subprocess.run(["mkvinfo", path], check=True, capture_output=True, text=True).stdout
    assert "Document type: " + ("matroska" if codec == "H264" else "webm") in info
    assert "rror" not in info
    assert written.length == timedelta(seconds=1.8) if codec == "opus" else timedelta(seconds=3)
    assert written.size == path.stat().st_size
    assert written.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (written.participant, written.kind, written.codec) == ("lan", stream["codec_type"], codec)


def test_what_a_file_says_of_av1_is_what_other_programs_say(tmp_path):
    writer, other = Writer(tmp_path, 1), tmp_path / "other.mkv"
    writer.take(batch("AV1", footage_of("AV1", 3, received=monotonic())))
    (written,) = writer.close()
    with av.open(str(tmp_path / written.file)) as ours, av.open(str(other), "w") as theirs:
        private = bytes(ours.streams[0].codec_context.extradata)
        stream = theirs.add_stream("libsvtav1", rate=30, options=footage.OPTIONS["AV1"])
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        theirs.mux(stream.encode(av.VideoFrame(320, 240, "yuv420p")))
        theirs.mux(stream.encode(None))
    with av.open(str(other)) as theirs:
        assert private[:4] == bytes(theirs.streams[0].codec_context.extradata)[:4]


def test_a_file_knows_when_it_began(tmp_path):
    writer = Writer(tmp_path, 1)
    before = datetime.now(UTC)
    writer.take(batch("opus", footage_of("opus", 10, received=monotonic())))
    (written,) = writer.close()
    assert timedelta(0) <= written.began - before < timedelta(seconds=2)


def test_a_hole_in_the_sound_is_a_hole_in_the_file(tmp_path):
    writer = Writer(tmp_path, 1)
    kept = [packet for packet in footage_of("opus", 100) if not 40 <= packet.position < 60]
    writer.take(batch("opus", kept))
    (written,) = writer.close()
    _, times, _ = probe(tmp_path / written.file)
    assert len(times) == 80
    assert times[40] - times[39] == pytest.approx(0.42, abs=0.001)


@pytest.mark.parametrize("codec", ["opus", "VP8"])
def test_a_short_mute_is_a_hole_in_one_file_and_nothing_waits_for_what_was_not_sent(tmp_path, codec):
    writer = Writer(tmp_path, 1)
    sent = list(footage_of(codec, 120, received=monotonic()))
    step = footage.STEP[codec]
    before = [packet for packet in sent if packet.timestamp < 40 * step]
    after = [packet for packet in sent if packet.timestamp >= 60 * step]  # VP8: a key frame is at 60
    writer.take(batch(codec, before))
    assert writer.pause("lan", "audio" if codec == "opus" else "video") == []
    writer.take(batch(codec, after))
    (written,) = writer.close()
    _, times, _ = probe(tmp_path / written.file)
    assert len(times) == 100
    assert times[40] - times[39] == pytest.approx(21 * step / footage.RATE[codec], abs=0.001)
    assert written.length.total_seconds() == pytest.approx(120 * step / footage.RATE[codec], abs=0.02)


def test_what_comes_after_a_mute_is_written_at_once(tmp_path):
    tape = Tape(1, "opus", 48_000, Clock())
    sent = list(footage_of("opus", 100))
    for packet in sent[:20]:
        tape.push(packet)
    tape.pause()
    assert [type(step) for packet in sent[50:55] for step in tape.push(packet)] == [Block] * 5


def test_a_file_for_which_there_is_no_room_any_more_is_kept_up_to_its_last_whole_second(tmp_path):
    writer = Writer(tmp_path, 1)
    packets = list(footage_of("VP8", 300, received=monotonic()))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, hard))  # as a disk: a part of what is written, then an error
    try:
        with pytest.raises(OSError, match="too large"):
            writer.take(batch("VP8", packets))
        outcomes = writer.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handled)
    (written,) = outcomes
    path = tmp_path / written.file
    assert written.recovered
    assert 100_000 < path.stat().st_size == written.size <= 150_000
    assert written.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    stream, times, form = probe(path)
    assert int(stream["nb_read_frames"]) == len(times) > 30
    assert float(form["duration"]) == pytest.approx(times[-1], abs=0.05)
    assert [one.name for one in tmp_path.iterdir()] == [written.file]


def test_another_ssrc_begins_another_file(tmp_path):
    writer = Writer(tmp_path, 5)
    first = writer.take(batch("opus", footage_of("opus", 10)))
    (ended,) = writer.take(batch("opus", footage_of("opus", 10, timestamp=99), ssrc=2))
    (last,) = writer.close()
    assert first == []
    assert [ended.file, last.file] == ["000005-lan-audio.webm", "000006-lan-audio.webm"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [ended.file, last.file]


def test_a_cut_ends_what_one_participant_sends_and_no_more(tmp_path):
    writer = Writer(tmp_path, 1)
    for who in ("lan", "dung"):
        writer.take(batch("opus", footage_of("opus", 10), participant=who))
        writer.take(batch("VP8", footage_of("VP8", 10), participant=who))
    assert {(one.participant, one.kind) for one in writer.cut("lan")} == {("lan", "audio"), ("lan", "video")}
    assert {one.participant for one in writer.close()} == {"dung"}


def test_a_picture_without_key_frame_is_asked_for(tmp_path):
    writer = Writer(tmp_path, 1)
    middle = [packet for packet in footage_of("VP8", 5) if packet.timestamp]
    assert writer.take(batch("VP8", middle)) == [KeyWanted("lan")]
    assert writer.close() == []
    assert list(tmp_path.iterdir()) == []


def test_a_codec_that_no_file_can_hold_is_left_out(tmp_path):
    writer = Writer(tmp_path, 1)
    strange = Recorded("giao-ban", "lan", "video", "H265", 90_000, 7, 1, tuple(footage_of("VP8", 2)), None)
    assert writer.take(strange) == []
    assert writer.close() == []


def test_who_spoke_when_is_a_file_of_its_own(tmp_path):
    writer = Writer(tmp_path, 1)
    writer.speaker("lan", NOW)
    writer.speaker(None, NOW + timedelta(seconds=9))
    (written,) = writer.close()
    lines = [json.loads(line) for line in (tmp_path / written.file).read_text().splitlines()]
    assert [line["participant"] for line in lines] == ["lan", None]
    assert (written.kind, written.began, written.length) == ("speaker", NOW, timedelta(seconds=9))


# --- the thread -------------------------------------------------------------------------------------------------


def test_the_thread_writes_what_it_was_given_before_it_ends(tmp_path):
    recording = Recording(tmp_path, 1)
    packets = list(footage_of("opus", 100, received=monotonic()))
    for start in range(0, 100, 5):
        recording.take(batch("opus", packets[start : start + 5]))
    recording.close()
    recording.close()
    (written,) = recording.poll()
    assert written.length == timedelta(seconds=2)
    assert (recording.lost, recording.poll()) == (0, [])


def test_a_stream_that_falls_silent_is_finished_meanwhile(tmp_path):
    recording = Recording(tmp_path, 1)
    recording.take(batch("opus", footage_of("opus", 10, received=monotonic() - 60_000_000)))
    deadline = time.monotonic() + 20
    while not (found := recording.poll()):
        assert time.monotonic() < deadline
        time.sleep(0.02)  # another thread's clock: there is no event to wait for
    assert isinstance(found[0], Written)
    recording.close()


def test_a_full_disk_is_told_and_stops_the_recording(tmp_path):
    recording = Recording(tmp_path, 1)
    full = tmp_path / "000002-lan-audio.webm.part"
    full.symlink_to("/dev/full")
    recording.take(batch("opus", footage_of("opus", 100), participant="dung"))
    recording.take(batch("opus", footage_of("opus", 200)))
    recording.close()
    failed, *others = recording.poll()
    assert isinstance(failed, Failed)
    assert "No space left" in failed.reason
    assert "dung" in {one.participant for one in others if isinstance(one, Written)}, "what fits is kept"


def test_before_the_disk_is_full_the_recording_ends_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("media.recording.RESERVE", 1 << 62)
    recording = Recording(tmp_path, 1)
    recording.take(batch("opus", footage_of("opus", 100)))
    recording._thread.join(10)
    failed, written = recording.poll()
    assert (type(failed), type(written)) == (Failed, Written)


# --- after a crash ----------------------------------------------------------------------------------------------


def crash(folder, count):
    """A process records, and dies without a word."""
    child = os.fork()
    if not child:
        writer = Writer(folder, 1)
        for codec in ("opus", "VP8"):
            writer.take(batch(codec, footage_of(codec, count, received=monotonic())))
        writer.speaker("lan", NOW)
        os._exit(9)
    os.waitpid(child, 0)


def test_after_a_crash_the_open_segments_are_mended(tmp_path):
    encoded("opus", 150), encoded("VP8", 150)
    crash(tmp_path, 150)
    assert all(path.name.endswith(".part") for path in tmp_path.iterdir())
    found = {one.kind: one for one in recover(tmp_path, set())}
    assert set(found) == {"audio", "video", "speaker"}
    assert all(one.recovered for one in found.values())
    for kind, lost in (("audio", 1.1), ("video", 1.1)):
        _, times, form = probe(tmp_path / found[kind].file)
        whole = 3.0 if kind == "audio" else 5.0
        assert whole - lost <= float(form["duration"]) <= whole + 0.05
        assert found[kind].length / timedelta(seconds=1) == pytest.approx(float(form["duration"]), abs=0.05)
        assert times[0] == 0
        assert found[kind].participant == "lan"
        assert abs(found[kind].began - datetime.now(UTC)) < timedelta(seconds=30)
    assert recover(tmp_path, {one.file for one in found.values()}) == []


@pytest.mark.parametrize("codec", ["opus", "VP8", "VP9", "H264", "AV1"])
def test_a_whole_file_that_nobody_heard_of_is_found(tmp_path, codec):
    writer = Writer(tmp_path, 1)
    writer.take(batch(codec, footage_of(codec, 40, received=monotonic())))
    (written,) = writer.close()
    assert recover(tmp_path, {written.file}) == []
    (found,) = recover(tmp_path, set())
    assert (found.file, found.recovered, found.codec) == (written.file, True, codec)
    assert found.length == pytest.approx(written.length, abs=timedelta(milliseconds=20))
    assert len(probe(tmp_path / found.file)[1]) == 40


@pytest.mark.parametrize("content", [b"", b"\x1a\x45\xdf\xa3", b"garbage" * 100])
@pytest.mark.parametrize("name", ["000001-lan-audio.webm.part", "000001-speaker.jsonl.part", "000002-x.mkv.part"])
def test_what_cannot_be_read_is_deleted(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    (tmp_path / "export.webm").write_bytes(b"not ours")
    (lost,) = recover(tmp_path, set())
    assert isinstance(lost, Failed)
    assert [path.name for path in tmp_path.iterdir()] == ["export.webm"]


def test_where_nothing_was_recorded_there_is_nothing_to_mend(tmp_path):
    assert recover(tmp_path / "none", set()) == []
