"""Keys and pictures on disk: whole, or as they were."""

import errno
import os
from pathlib import Path

import pytest

from server.records_keys import KeyStore


def test_what_cannot_be_written_whole_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = KeyStore(tmp_path)
    store.put_person("hanh", b"the key")
    store.put_person_image("hanh", b"the picture")

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for put in (store.put_person, store.put_person_image):
        with pytest.raises(OSError, match="No space"):
            put("hanh", b"half of an")
    assert store.person_image("hanh") == b"the picture"
    people = tmp_path / "people"
    assert {one.name: one.read_bytes() for one in people.iterdir()} == {
        "hanh.p12": b"the key",
        "hanh.png": b"the picture",
    }
    assert all(one.stat().st_mode & 0o777 == 0o600 for one in people.iterdir())
