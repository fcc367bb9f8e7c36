"""What each service's OpenAPI document says of its operations, and that it is what is committed."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from deploy.cli import surface
from deploy.cli.services import Service
from shared.contracts.refusals import REFUSALS
from shared.web.app import roles_by_route
from shared.web.catalogue import STATUSES

METHODS = ("get", "put", "post", "patch", "delete")
PROBES = ("/livez", "/readyz", "/metrics", "/version")
services = pytest.mark.parametrize("service", list(Service))


@cache
def document(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((surface.DOCS / "openapi" / f"{service}.json").read_text())
    return found


def operations(service: Service) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document(service)["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def headers(operation: dict[str, Any]) -> dict[str, bool]:
    """Which headers it takes, and whether it must get them."""
    taken = (one for one in operation.get("parameters", ()) if one["in"] == "header")
    return {one["name"]: one["required"] for one in taken}


def test_what_is_committed_is_what_the_services_say() -> None:
    assert surface.drifted() == []


@services
def test_every_operation_says_what_it_does_and_for_whom(service: Service) -> None:
    lacking = [
        name
        for name, one in operations(service)
        if not one.get("tags")
        or len(one["summary"].split()) < 2
        or one["summary"] not in one["description"].replace("\n", " ")
    ]
    assert lacking == []
    described = {tag["name"] for tag in document(service)["tags"] if "description" in tag}
    assert {tag for _, one in operations(service) for tag in one["tags"]} == described


@services
def test_who_may_is_in_the_document(service: Service) -> None:
    table = roles_by_route(surface.app_of(service))
    for name, one in operations(service):
        method, path = name.split()
        roles = table[method, path]
        assert one.get("x-roles") == (None if roles is None else sorted(roles)), name
        assert ({"401", "403"} <= one["responses"].keys()) == (roles is not None), name
        assert ("security" in one) == (roles is not None), name


@services
def test_every_parameter_is_described(service: Service) -> None:
    lacking = [
        (name, one["name"])
        for name, operation in operations(service)
        for one in operation.get("parameters", ())
        if not one.get("description")
    ]
    assert lacking == []


@services
def test_commands_take_a_key_and_tell_where_and_which_version(service: Service) -> None:
    evented = 0
    for name, one in operations(service):
        if name.startswith("GET "):
            assert "Idempotency-Key" not in headers(one), name
            continue
        if "ETag" in one["responses"].get("201", {}).get("headers", {}):
            evented += 1
            assert headers(one)["Idempotency-Key"] is True, name
            assert "Location" in one["responses"]["201"]["headers"], name
            assert {"409", "412", "422"} <= one["responses"].keys(), name
    assert evented or service == Service.projection


def test_who_decides_says_what_they_have_seen() -> None:
    asked = {name for name, one in operations(Service.review) if headers(one).get("If-Match")}
    case = "/v1/cases/{programme}/{township}/{round}"
    assert {f"POST {case}/decision", f"POST {case}/city-decision"} <= asked
    assert all(
        "428" in one["responses"] for name, one in operations(Service.review) if name in asked
    )


@services
def test_refusals_are_problems_and_nothing_else_is_promised(service: Service) -> None:
    for name, one in operations(service):
        for status, answer in one["responses"].items():
            if status >= "400" and name != "GET /readyz":
                assert answer == {"$ref": f"#/components/responses/Problem{status}"}, name
    said = document(service)["components"]["responses"]
    for answer in said.values():
        assert list(answer["content"]) == ["application/problem+json"]
    assert (
        not {"HTTPValidationError", "ValidationError"}
        & document(service)["components"]["schemas"].keys()
    )


@services
def test_the_document_names_no_host(service: Service) -> None:
    text = json.dumps(document(service))
    assert "servers" not in document(service)
    assert "localhost" not in text
    assert "127.0.0.1" not in text


@services
def test_every_answer_of_json_has_a_shape_or_a_reason(service: Service) -> None:
    for name, one in operations(service):
        for status, answer in one["responses"].items():
            if status.startswith("2") and status != "204":
                assert answer["content"], f"{name} {status}"


def test_every_status_of_a_refusal_is_explained() -> None:
    assert {refusal.status for refusal in REFUSALS.values()} <= STATUSES.keys()
