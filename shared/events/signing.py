"""Signing and checking tree heads: ECDSA on P-256 with SHA-256, which every browser knows too."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from shared.contracts.audit import TreeHead

Jwk = dict[str, str]
_HALF = 32
_ALGORITHM = ec.ECDSA(SHA256())


class Signer:
    """A private key, which never leaves this object."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.jwk = public_jwk(key.public_key())
        self.key_id = self.jwk["kid"]

    @classmethod
    def read(cls, file: Path) -> Self:
        """From an unencrypted PEM file; raises ValueError, with a sentence, where it is none."""
        try:
            key = load_pem_private_key(file.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise ValueError(
                f"FUYAN_SIGNING_KEY_FILE {file} is no readable private key in PEM: "
                f"{type(error).__name__}"
            ) from None  # what the library says of a key stays out of logs
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            raise ValueError(
                f"FUYAN_SIGNING_KEY_FILE {file} must be a P-256 key: "
                "openssl ecparam -name prime256v1 -genkey -noout -out signing-key.pem"
            )
        return cls(key)

    def signed(self, head: TreeHead) -> TreeHead:
        """The head with this key's id and signature."""
        head = replace(head, key_id=self.key_id)
        r, s = decode_dss_signature(self._key.sign(head.statement, _ALGORITHM))
        return replace(head, signature=(r.to_bytes(_HALF) + s.to_bytes(_HALF)).hex())


def write_key(file: Path) -> None:
    """Make a new key, readable by its owner alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    file.touch(mode=0o600)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def public_jwk(key: ec.EllipticCurvePublicKey) -> Jwk:
    """The public key as a JWK."""
    numbers = key.public_numbers()
    return jwk_of(_text(numbers.x.to_bytes(_HALF)), _text(numbers.y.to_bytes(_HALF)))


def jwk_of(x: str, y: str) -> Jwk:
    """The JWK of a point; `kid` is its thumbprint (RFC 7638)."""
    needed = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
    canonical = json.dumps(needed, separators=(",", ":"), sort_keys=True).encode()
    return {**needed, "kid": _text(sha256(canonical).digest()), "use": "sig", "alg": "ES256"}


def public_keys(jwks: Mapping[str, Any]) -> dict[str, Jwk]:
    """The P-256 keys of a JWKS by thumbprint, which is computed and not believed."""
    found = [_checked(jwk) for jwk in jwks.get("keys", ()) if jwk.get("crv") == "P-256"]
    return {jwk["kid"]: jwk for jwk in found}


def genuine(head: TreeHead, jwk: Mapping[str, str]) -> bool:
    """Whether the key of this JWK signed this head."""
    try:
        raw = bytes.fromhex(head.signature)
        if len(raw) != 2 * _HALF:
            return False
        der = encode_dss_signature(int.from_bytes(raw[:_HALF]), int.from_bytes(raw[_HALF:]))
        _loaded(jwk["x"], jwk["y"]).verify(der, head.statement, _ALGORITHM)
    except (InvalidSignature, ValueError):
        return False
    return True


def jwks(keys: Iterable[Jwk]) -> dict[str, list[Jwk]]:
    """The document of these keys (RFC 7517)."""
    return {"keys": list(keys)}


def _checked(jwk: Mapping[str, str]) -> Jwk:
    return public_jwk(_loaded(jwk["x"], jwk["y"]))


@lru_cache(maxsize=64)
def _loaded(x: str, y: str) -> ec.EllipticCurvePublicKey:
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(_bytes(x)), int.from_bytes(_bytes(y)), ec.SECP256R1()
    )
    return numbers.public_key()


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
