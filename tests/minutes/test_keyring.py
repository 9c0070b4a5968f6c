"""Keys of contents: what they open, what is out of reach, what is gone, and what of it holds for copies."""

import io
import shutil
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minutes.archive import Archive, Condition, digest_of
from minutes.errors import Damaged, Erased, Withheld
from minutes.keyring import MAGIC, Keyring, KeyState, follow, take_over

NAME = "ab" * 32
TEXT = "Nội dung không được để lại dấu vết".encode()


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "content-keys")


def sealed(keys: Keyring, data: bytes, name: str = NAME) -> bytes:
    return b"".join(keys.sealed(name, (data,)))


def opened(keys: Keyring, data: bytes, name: str = NAME) -> bytes:
    return b"".join(keys.opened(name, io.BytesIO(data)))


@example(length=0, cut=1)
@example(length=65_536, cut=65_536)
@example(length=65_537, cut=9)
@given(st.integers(0, 200_000), st.integers(1, 70_000))
def test_what_was_encrypted_in_any_pieces_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, length: int, cut: int
) -> None:
    keys = Keyring(tmp_path_factory.getbasetemp() / "any")
    data = (TEXT * (length // len(TEXT) + 1))[:length]
    file = b"".join(keys.sealed(NAME, (data[at : at + cut] for at in range(0, length, cut))))
    assert opened(keys, file) == data
    assert TEXT[:16] not in file
    with keys.reader(NAME, io.BytesIO(file)) as reader:
        assert reader.read() == data
        assert reader.seek(0, io.SEEK_END) == length


def test_no_file_that_was_changed_cut_or_put_together_anew_is_read(keys: Keyring) -> None:
    file = sealed(keys, TEXT * 4000)
    chunk = len(MAGIC) + 16
    whole = 65_552
    for wrong in (
        file[:-1],
        file[: chunk + whole],
        file[:chunk] + file[chunk + whole :],
        file[:chunk] + file[chunk + whole :] + file[chunk : chunk + whole],
        file + b"x",
        file[:chunk],
        file[: len(MAGIC) + 3],
        *(file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :] for at in (9, chunk, chunk + 70_000, len(file) - 1)),
    ):
        with pytest.raises(Damaged):
            opened(keys, wrong)
    with pytest.raises(Damaged):
        opened(keys, file, "cd" * 32)


@given(st.lists(st.tuples(st.integers(0, 210_000), st.integers(0, 70_000)), max_size=8))
def test_a_file_is_read_from_any_place(tmp_path_factory: pytest.TempPathFactory, places: list[tuple[int, int]]) -> None:
    keys = Keyring(tmp_path_factory.getbasetemp() / "places")
    data = TEXT * 5000
    with keys.reader(NAME, io.BytesIO(sealed(keys, data))) as reader:
        for at, size in places:
            assert reader.seek(at) == at
            assert reader.read(size) == data[at : at + size]
            assert reader.tell() == at + len(data[at : at + size])


def test_whoever_reads_from_any_place_is_not_deceived_either(keys: Keyring) -> None:
    file = sealed(keys, TEXT * 4000)
    chunk, whole = len(MAGIC) + 16, 65_552
    for wrong in (
        file[:-1],
        file[: chunk + whole],
        file[:chunk] + file[chunk + whole :],
        file[:chunk] + file[chunk + whole : chunk + 2 * whole] + file[chunk : chunk + whole],
        file + b"x",
        file[:chunk],
        file[: len(MAGIC) + 3],
        *(file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :] for at in (9, chunk, chunk + 70_000, len(file) - 1)),
    ):
        with pytest.raises(Damaged), keys.reader(NAME, io.BytesIO(wrong)) as reader:
            reader.read()
    cut = io.BytesIO(file[: chunk + whole])
    with pytest.raises(Damaged), keys.reader(NAME, cut) as reader:
        reader.read(10)  # the end is missing, wherever one reads
    assert keys.reader(NAME, io.BytesIO(b"plain, of before")).read() == b"plain, of before"
    keys.hold(NAME)
    with pytest.raises(Withheld):
        keys.reader(NAME, io.BytesIO(file))


def test_what_is_held_is_read_by_nobody_until_it_is_released(keys: Keyring) -> None:
    file = sealed(keys, TEXT)
    keys.hold(NAME)
    keys.hold(NAME)
    for attempt in (lambda: opened(keys, file), lambda: sealed(keys, TEXT), lambda: opened(keys, TEXT)):
        with pytest.raises(Withheld):
            attempt()
    assert keys.state(NAME) is KeyState.HELD
    keys.release(NAME)
    assert opened(keys, file) == TEXT


def test_a_content_of_the_time_before_keys_is_held_and_erased_too(keys: Keyring) -> None:
    assert opened(keys, TEXT) == TEXT
    keys.hold(NAME)
    with pytest.raises(Withheld):
        opened(keys, TEXT)
    keys.erase(NAME, "0" * 64, for_good=True)
    with pytest.raises(Erased):
        opened(keys, TEXT)


@pytest.mark.parametrize("held", [True, False])
def test_what_is_erased_never_comes_back_and_its_key_is_nowhere(keys: Keyring, tmp_path: Path, held: bool) -> None:
    file = sealed(keys, TEXT)
    key = (keys.root / "ab" / NAME).read_bytes()
    if held:
        keys.hold(NAME)
    keys.erase(NAME, "0" * 64, for_good=True)
    with pytest.raises(Erased):
        opened(keys, file)
    with pytest.raises(Erased):
        sealed(keys, TEXT)
    assert not any(key in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_what_was_only_out_of_date_may_come_in_again_under_another_key(keys: Keyring) -> None:
    before = sealed(keys, TEXT)
    keys.erase(NAME, "0" * 64, for_good=False)
    again = sealed(keys, TEXT)
    assert opened(keys, again) == TEXT
    with pytest.raises(Damaged):
        opened(keys, before)


def test_copies_of_the_keys_follow_and_a_lost_folder_takes_nothing_with_it(keys: Keyring, tmp_path: Path) -> None:
    other = "cd" * 32
    file, kept = sealed(keys, TEXT), sealed(keys, TEXT, other)
    follow(keys.root, tmp_path / "copy")
    copy = Keyring(tmp_path / "copy")
    assert opened(copy, file) == opened(keys, file)
    keys.hold(NAME)
    follow(keys.root, copy.root)
    assert copy.state(NAME) is KeyState.HELD
    keys.release(NAME)
    follow(keys.root, copy.root)
    assert copy.state(NAME) is KeyState.THERE
    keys.erase(NAME, "0" * 64, for_good=True)
    assert follow(keys.root, copy.root) == 1
    with pytest.raises(Erased):
        opened(copy, file)
    shutil.rmtree(keys.root)
    follow(Keyring(keys.root).root, copy.root)
    assert opened(copy, kept, other) == TEXT


def test_keys_that_are_restored_bring_nothing_back_that_was_destroyed_here(keys: Keyring, tmp_path: Path) -> None:
    file = sealed(keys, TEXT)
    shutil.copytree(keys.root, tmp_path / "old")
    keys.erase(NAME, "0" * 64, for_good=True)
    take_over(tmp_path / "old", keys.root)
    with pytest.raises(Erased):
        opened(keys, file)
    take_over(tmp_path / "old", tmp_path / "new")
    assert opened(Keyring(tmp_path / "new"), file) == TEXT


def test_the_archive_tells_what_is_gone_from_what_is_damaged(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    digest = archive.deposit(TEXT)
    assert not any(TEXT in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    archive.keys.hold(digest)
    assert archive.condition(digest) is Condition.HELD
    archive.keys.erase(digest, "0" * 64, for_good=True)
    archive.discard(digest)
    assert archive.condition(digest) is Condition.ERASED
    for attempt in (lambda: archive.fetch(digest), lambda: archive.deposit(TEXT)):
        with pytest.raises(Erased):
            attempt()
    lost = archive.deposit(b"khac")
    (archive.keys.root / lost[:2] / lost).unlink()
    assert archive.condition(lost) is Condition.ALTERED
    assert archive.condition(digest_of(b"never")) is Condition.MISSING
