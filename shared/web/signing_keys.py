"""The public keys of a service's tree heads; what an auditor keeps, to check heads with later."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from shared.events.signing import jwks
from shared.store.leaves import Rows
from shared.store.tree_heads import keys
from shared.web.auth import ROLES, Principal, allow


class PublicKey(TypedDict):
    """A P-256 key as a JWK (RFC 7517); `kid` is its thumbprint (RFC 7638)."""

    kty: str
    crv: str
    x: str
    y: str
    kid: str
    use: str
    alg: str


class PublicKeys(TypedDict):
    """The last one signs; the earlier ones have signed."""

    keys: list[PublicKey]


_ADAPTER = TypeAdapter(PublicKeys)
Anyone = Annotated[Principal, Depends(allow(*ROLES))]


def routes(log: Rows) -> APIRouter:
    router = APIRouter(prefix="/v1/keys", tags=["contract"])

    @router.get("")
    async def public_keys(_: Anyone) -> PublicKeys:
        """With which keys this service has signed its tree heads, the present one first."""
        return _ADAPTER.validate_python(jwks(await keys(log)))

    return router
