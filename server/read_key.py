"""Opens one PKCS#12 file in a process of its own (`python -I read_key.py`): the file says by itself how often its
password is digested, and may say a thousand million times.

Imports nothing of ours. Reads a line of JSON (the PIN) and the file from standard input; writes a line of JSON,
[certificate, private key] in DER (the key as PKCS#8), as hexadecimal digits. Exit code 3: the PIN is wrong or the file
damaged; 4: no certificate with an RSA or EC key that anybody signs with is in it.
"""

import json
import os
import resource
import sys

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

MEMORY = 1 << 30
PROCESSOR = 5  # seconds: some ten million rounds, where programs write two thousand to a million
NICENESS = 5
RSA_BITS = 8192  # a longer one signs for minutes
WRONG, NO_KEY = 3, 4


def main() -> None:
    """`python -I read_key.py`."""
    os.nice(NICENESS)
    for what, bound in (
        (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, PROCESSOR), (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (bound, bound))
    pin = json.loads(sys.stdin.buffer.readline())
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(sys.stdin.buffer.read(), pin.encode())
    except ValueError:
        sys.exit(WRONG)  # OpenSSL does not tell a wrong PIN from a damaged file; the MAC fails for both
    if certificate is None or not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        sys.exit(NO_KEY)
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size > RSA_BITS:
        sys.exit(NO_KEY)
    opened = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    print(json.dumps([certificate.public_bytes(Encoding.DER).hex(), opened.hex()]))


if __name__ == "__main__":
    main()
