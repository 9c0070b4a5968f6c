"""The official's token (PKCS#11): which certificates are on it, and signatures by their keys.

Every call opens the token anew, so that pulling it out and putting it in needs nothing else. Calls block; they belong
into a thread, one at a time, for drivers of tokens bear no more.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import PinExpired, PinIncorrect, PinInvalid, PinLenRange, PinLocked, PKCS11Error

from minutes.errors import N_, Reason, SigningFailed, WrongPin


@dataclass(frozen=True, slots=True)
class TokenCertificate:
    """A certificate (DER) that has a key on the token; `slot` and `key` say where."""

    der: bytes
    token: str
    slot: int
    key: bytes


class Token:
    """All tokens that the driver at `module` (a shared library's path) can see. Raises SigningFailed."""

    def __init__(self, module: str) -> None:
        try:
            self._library = pkcs11.lib(module)
        except (PKCS11Error, RuntimeError, OSError) as error:
            raise SigningFailed(Reason(N_("Không mở được phần mềm điều khiển thiết bị ký số"))) from error

    def certificates(self) -> tuple[TokenCertificate, ...]:
        """What stands on all tokens that are plugged in; reading them needs no PIN."""
        found = []
        try:
            self._library.reinitialize()
            for slot in self._library.get_slots(token_present=True):
                token = slot.get_token()
                if not token.flags & pkcs11.TokenFlag.TOKEN_INITIALIZED:
                    continue
                with token.open() as session:
                    for one in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}):
                        found.append(
                            TokenCertificate(
                                bytes(one[Attribute.VALUE]), token.label.strip(), slot.slot_id, bytes(one[Attribute.ID])
                            )
                        )
        except PKCS11Error as error:
            raise _unavailable(error) from error
        return tuple(found)

    def sign(self, certificate: TokenCertificate, pin: str, data: Sequence[bytes]) -> tuple[bytes, ...]:
        """The raw signatures of `data` with SHA-256: RSA PKCS#1 v1.5, or r and s of ECDSA. Raises WrongPin."""
        try:
            slot = next(one for one in self._library.get_slots(True) if one.slot_id == certificate.slot)
            with slot.get_token().open(user_pin=pin) as session:
                key: Any = session.get_key(object_class=ObjectClass.PRIVATE_KEY, id=certificate.key)
                if key.key_type is KeyType.RSA:
                    return tuple(bytes(key.sign(one, mechanism=Mechanism.SHA256_RSA_PKCS)) for one in data)
                return tuple(bytes(key.sign(hashlib.sha256(one).digest(), mechanism=Mechanism.ECDSA)) for one in data)
        except PinLocked as error:
            raise SigningFailed(Reason(N_("Thiết bị ký số đã bị khóa vì nhập sai mã PIN nhiều lần"))) from error
        except (PinIncorrect, PinInvalid, PinLenRange, PinExpired) as error:
            raise WrongPin(Reason(N_("Mã PIN không đúng."))) from error
        except (PKCS11Error, StopIteration) as error:
            raise _unavailable(error) from error


def _unavailable(error: Exception) -> SigningFailed:
    name = type(error).__name__
    return SigningFailed(Reason(N_("Thiết bị ký số không trả lời (%(error)s); xin cắm lại thiết bị"), error=name))
