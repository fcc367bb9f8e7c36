"""The published language over HTTP; header `ce_dataschema` of every event leads here."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from shared.contracts import audit
from shared.contracts.asyncapi import document
from shared.contracts.payloads import Side, example, schema
from shared.contracts.refusals import Refused
from shared.contracts.registry import CONTEXTS, SHAPES
from shared.web.auth import ROLES, Principal, allow


class _AsyncApi(JSONResponse):
    media_type = "application/vnd.aai.asyncapi+json;version=3.0.0"


class _JsonSchema(JSONResponse):
    media_type = "application/schema+json"


Anyone = Annotated[Principal, Depends(allow(*ROLES))]


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1/contracts", tags=["contract"])
    asyncapi = document()

    @router.get("")
    async def contracts(_: Anyone) -> dict[str, Any]:
        """Every event type, its topic, and where its schemas and example are."""
        return {
            "asyncapi": "/v1/contracts/asyncapi",
            "contracts": [
                {
                    "type": name,
                    "topic": context.topic,
                    "description": schema(name, "open")["description"],
                    "schema": f"/v1/contracts/{name}",
                    "producer_schema": f"/v1/contracts/{name}?side=closed",
                    "example": f"/v1/contracts/{name}/example",
                }
                for context in CONTEXTS.values()
                for name in context.types
            ]
            + [
                {
                    "type": audit.TREE_HEAD,
                    "topic": audit.TOPIC,
                    "description": audit.schema()["description"],
                    "schema": f"/v1/contracts/{audit.TREE_HEAD}",
                    "example": f"/v1/contracts/{audit.TREE_HEAD}/example",
                }
            ],
        }

    @router.get("/asyncapi", response_class=_AsyncApi)
    async def whole(_: Anyone) -> JSONResponse:
        """The AsyncAPI 3.0 document of all topics."""
        return _AsyncApi(asyncapi)

    @router.get("/{type}", response_class=_JsonSchema)
    async def contract(_: Anyone, type: str, side: Side = "open") -> JSONResponse:
        """The JSON Schema of a type: `open` for whoever reads it, `closed` for whoever writes."""
        if type == audit.TREE_HEAD:
            return _JsonSchema(audit.schema())
        return _JsonSchema(schema(_known(type), side))

    @router.get("/{type}/example")
    async def golden(_: Anyone, type: str) -> Response:
        """A golden payload of a type, byte for byte as it would travel."""
        payload = audit.example() if type == audit.TREE_HEAD else example(_known(type))
        return Response(payload, media_type="application/json")

    return router


def _known(name: str) -> str:
    if name not in SHAPES:
        raise Refused("no-such-contract", type=name)
    return name
