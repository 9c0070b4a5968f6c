"""The archive: whole files or none, and no damage that goes unnoticed."""

import hashlib
import os
from pathlib import Path

import pytest

from minutes.archive import Archive, Condition
from minutes.errors import Damaged, Withheld


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def files(root: Path) -> list[Path]:
    """Of the archive, without the keys."""
    return sorted(path for path in (root / "archive").rglob("*") if path.is_file())


def test_what_was_deposited_is_fetched_by_its_digest(archive: Archive) -> None:
    digest = archive.deposit(b"bien ban")
    assert digest == hashlib.sha256(b"bien ban").hexdigest()
    assert archive.fetch(digest) == b"bien ban"


def test_the_same_bytes_are_kept_once(archive: Archive, tmp_path: Path) -> None:
    assert archive.deposit(b"x") == archive.deposit(b"x")
    assert len(files(tmp_path)) == 1


def test_a_file_is_on_the_disk_before_it_has_its_name(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def watched_fsync(handle: int) -> None:
        kind = "directory" if os.path.isdir(f"/proc/self/fd/{handle}") else "file"
        steps.append(f"flush {kind}")
        fsync(handle)

    def watched_replace(source: Path, target: Path) -> None:
        if archive.keys.root in Path(target).parents:
            steps.append("name key")
            replace(source, target)
            return
        steps.append("name")
        with source.open("rb") as kept:
            assert b"".join(archive.keys.opened(Path(target).name, kept)) == b"bien ban"
        replace(source, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_replace)
    archive.deposit(b"bien ban")
    named = steps.index("name")
    assert steps[named - 1] == "flush file"
    assert set(steps[named + 1 :]) == {"flush directory"}
    assert steps.index("name key") < named, "the key is there first"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_crash_on_the_way_leaves_nothing_to_be_seen_and_can_be_repeated(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def crash(*_: object) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(os, step, crash)
        with pytest.raises(OSError, match="power cut"):
            archive.deposit(b"bien ban")
    digest = hashlib.sha256(b"bien ban").hexdigest()
    with pytest.raises(Damaged):
        archive.fetch(digest)
    assert archive.deposit(b"bien ban") == digest
    assert archive.fetch(digest) == b"bien ban"


def test_a_flipped_bit_is_noticed_and_healed_by_the_same_deposit(archive: Archive, tmp_path: Path) -> None:
    digest = archive.deposit(b"bien ban" * 1000)
    (path,) = files(tmp_path)
    data = bytearray(path.read_bytes())
    data[4000] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(Damaged):
        archive.fetch(digest)
    assert archive.condition(digest) is Condition.ALTERED
    archive.deposit(b"bien ban" * 1000)
    assert archive.condition(digest) is Condition.SOUND


def test_a_missing_file_is_noticed(archive: Archive, tmp_path: Path) -> None:
    kept, lost = archive.deposit(b"a"), archive.deposit(b"b")
    next(path for path in files(tmp_path) if path.name == lost).unlink()
    assert (archive.condition(kept), archive.condition(lost)) == (Condition.SOUND, Condition.MISSING)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_what_is_no_digest_is_never_a_path(archive: Archive, digest: str) -> None:
    with pytest.raises(Damaged):
        archive.fetch(digest)


def test_a_large_file_is_encrypted_as_any_other(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "hop.webm").write_bytes(bytes(range(256)) * 10_000)
    digest = archive.deposit_file(tmp_path / "hop.webm")
    assert digest == archive.deposit((tmp_path / "hop.webm").read_bytes())
    assert archive.condition(digest) is Condition.SOUND
    with pytest.raises(FileNotFoundError):
        archive.deposit_file(tmp_path / "none")
    assert not list((tmp_path / "archive" / "staging").iterdir())
    (kept,) = files(tmp_path)
    assert bytes(range(256)) not in kept.read_bytes()


def test_what_was_kept_in_the_clear_is_encrypted_where_it_lies(archive: Archive, tmp_path: Path) -> None:
    digest = archive.deposit(b"said in a meeting")
    (kept,) = files(tmp_path)
    kept.chmod(0o600)
    kept.write_bytes(b"said in a meeting")  # as before recordings had keys
    assert archive.seal(digest)
    assert not archive.seal(digest)
    (kept,) = files(tmp_path)
    assert b"meeting" not in kept.read_bytes()
    assert archive.fetch(digest) == b"said in a meeting"
    kept.write_bytes(b"said in another one")
    with pytest.raises(Damaged):
        archive.seal(digest)
    assert kept.read_bytes() == b"said in another one"
    archive.keys.hold(digest)
    with pytest.raises(Withheld):
        archive.seal(digest)
    assert not archive.seal("0" * 64), "there is none"


def test_a_file_of_any_size_takes_no_room_twice_and_is_read_piece_by_piece(archive: Archive, tmp_path: Path) -> None:
    source, content = tmp_path / "recording.webm", os.urandom(3 << 20)
    digest = hashlib.sha256(content).hexdigest()
    source.write_bytes(b"".join(archive.keys.sealed(digest, (content,))))
    assert archive.deposit_file(source, digest) == digest
    assert archive.deposit_file(source, digest) == digest
    (kept,) = files(tmp_path)
    assert kept.samefile(source)
    assert b"".join(archive.pieces(digest)) == content
    source.unlink()
    kept.chmod(0o600)
    with kept.open("r+b") as file:
        file.write(b"changed")
    with pytest.raises(Damaged):
        list(archive.pieces(digest))
    kept.unlink()
    with pytest.raises(Damaged):
        list(archive.pieces(digest))


def test_a_file_on_another_disk_is_copied(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "paper.pdf"
    source.write_bytes(b"paper")
    monkeypatch.setattr(os, "link", lambda *_args, **_options: (_ for _ in ()).throw(OSError("another disk")))
    digest = archive.deposit_file(source)
    source.write_bytes(b"changed")
    assert archive.fetch(digest) == b"paper"


def test_a_file_that_is_encrypted_already_is_kept_so_and_erased_in_both_places(
    archive: Archive, tmp_path: Path
) -> None:
    content = os.urandom(100_000)
    digest = hashlib.sha256(content).hexdigest()
    shelved = tmp_path / "original.pdf"
    shelved.write_bytes(b"".join(archive.keys.sealed(digest, (content,))))
    assert archive.deposit_file(shelved, digest) == digest
    (kept,) = files(tmp_path)
    assert kept.samefile(shelved)
    assert archive.fetch(digest) == content
    other = tmp_path / "other.pdf"
    other.write_bytes(b"something else")
    with pytest.raises(Damaged):
        archive.deposit_file(other, "ab" * 32)
    assert files(tmp_path) == [kept]
    archive.keys.erase(digest, "0" * 64, for_good=True)
    archive.discard(digest)
    assert content[:64] not in shelved.read_bytes()
    assert archive.condition(digest) is Condition.ERASED
