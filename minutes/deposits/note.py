"""Signed notes: a text that people can read, with Ed25519 signatures of named keys under it (C2SP signed-note).

    text, ends with a line feed
    <empty line>
    — key-name base64(key id, 4 bytes || signature)

The key id is the beginning of SHA-256(name, line feed, algorithm byte, public key). Keys are written as Go's note
package writes them, so that other people's tools can check ours.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LIMIT = 65_536
"""Octets of the longest note that is read."""
_ED25519 = b"\x01"
_DASH = "— "


class BadNote(ValueError):
    """Not a signed note, or not signed by the key that was asked for."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with its name."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """From "name+id+key"; raises BadNote."""
        name, _, rest = text.strip().partition("+")
        id, _, key = rest.partition("+")
        found = cls(_name(name), _key(key))
        if found.id.hex() != id:
            raise BadNote("the key's id is not that of the key")
        return found

    def open(self, note: str) -> str:
        """The text of a note that this key has signed; signatures of others are passed over. Raises BadNote."""
        if len(note.encode("utf-8", "surrogatepass")) > LIMIT or not note.endswith("\n"):
            raise BadNote("not a signed note")
        text, separator, signatures = note.rpartition("\n\n")
        text += "\n"
        if not separator or not signatures or any(ord(letter) < 0x20 and letter != "\n" for letter in note):
            raise BadNote("not a signed note")
        ours = []
        for line in signatures.removesuffix("\n").split("\n"):
            name, _, value = line.removeprefix(_DASH).partition(" ")
            signature = _decoded(value)
            if not line.startswith(_DASH) or not name or len(signature) < 5:
                raise BadNote("not a signed note")
            if name == self.name and signature[:4] == self.id:
                ours.append(signature[4:])
        if not ours:
            raise BadNote("not signed by this key")
        try:
            for signature in ours:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, UnicodeEncodeError) as error:
            raise BadNote("the signature does not belong to this text") from error
        return text


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its name."""

    name: str
    seed: bytes

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self._private.public_key().public_bytes_raw())

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def __repr__(self) -> str:
        return f"Signer({self.name!r})"

    @classmethod
    def make(cls, name: str) -> Signer:
        """A new key. Raises BadNote where a key cannot have this name."""
        return cls(_name(name), Ed25519PrivateKey.generate().private_bytes_raw())

    def secret(self) -> str:
        """The line that the key is kept as; nobody else may read it."""
        packed = base64.b64encode(_ED25519 + self.seed).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{packed}"

    @classmethod
    def parse(cls, line: str) -> Signer:
        """From what `secret` gives; raises BadNote."""
        parts = line.strip().split("+", 4)
        if len(parts) != 5 or parts[:2] != ["PRIVATE", "KEY"]:
            raise BadNote("not a private key of notes")
        found = cls(_name(parts[2]), _key(parts[4]))
        if found.verifier.id.hex() != parts[3]:
            raise BadNote("the key's id is not that of the key")
        return found

    def sign(self, text: str) -> str:
        """The note of `text`, which must end with a line feed."""
        if not text.endswith("\n"):
            raise BadNote("a note's text ends with a line feed")
        signature = self.verifier.id + self._private.sign(text.encode())
        return f"{text}\n{_DASH}{self.name} {base64.b64encode(signature).decode()}\n"


def _name(name: str) -> str:
    if not name or "+" in name or len(name) > 200 or any(letter.isspace() for letter in name):
        raise BadNote("a key's name has no spaces and no plus sign")
    return name


def _key(text: str) -> bytes:
    data = _decoded(text)
    if len(data) != 33 or data[:1] != _ED25519:
        raise BadNote("not an Ed25519 key")
    return data[1:]


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise BadNote("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise BadNote("not base64 as it is written")
    return data
