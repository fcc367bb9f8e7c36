"""A service's OpenAPI document: what FastAPI knows, and what our manner of HTTP says beside it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from shared.contracts.refusals import Refused
from shared.web.auth import ROLES, Allow
from shared.web.catalogue import STATUSES
from shared.web.commands import Written, command, decision, seen
from shared.web.freshness import fresh
from shared.web.problems import Problem, told
from shared.web.shown import ROLE_NAMES

INTRODUCTION = """\
Part of Fuyan 复验, the re-verification of township safety offices.

**Commands** are a `POST` of a noun (`PUT` where the client names it whole). They are answered 201
with `Location`, `ETag` and the stream's version. `Idempotency-Key` is required: the same key with
the same content has one effect and one answer. `If-Match` names the version that was seen;
`After` what else must be known already.

**ETags** of a dossier, a case and what belongs to them are the version of their stream, for the
next `If-Match`. They are never answered 304: what is `allowed` depends on who asks and on the day,
so the same version may have to be read anew. Figures and progress are: `If-None-Match` saves them.

**Time**: `effective_on` is the civil day in Asia/Shanghai on which something happened; for an
earlier day `backdated_reason` says why it is told only now. `as_of` asks about the end of a day.

**Numbers** are integers with their unit in the name: points in hundredths `_cp`, shares in 1/10 000
`_bp`, money `_fen`, working days `_wd`; civil days are `_on`, instants `_at`.

**Refusals** are RFC 9457 problems with a stable `code`; `/v1/problems` lists every one.
"""

_TAGS: Mapping[str, str] = {
    "bulletins": "通报: progress bulletins, frozen with the figures they quote.",
    "cases": "验收案件: the review of an application, from the team to the district's decision.",
    "city": "市级复验: recommendation, the city's marks and verdict, titles, money and the end.",
    "contract": "Refusals and event types, for whoever builds on them.",
    "directory": "人员名录: who served where and when; private, and never in events.",
    "dossiers": "创建档案: all that one township does: plan, marks, gaps, applications.",
    "erasures": "依法删除: the data of single events, erased by order.",
    "evidence": "佐证材料: files by their SHA-256.",
    "feed": "The events of all services over HTTP, by cursor.",
    "health": "What probes and monitoring ask; nobody signs in for it.",
    "notices": "通知: the inbox of an organisation.",
    "organisations": "机构: organisations and their dated names.",
    "programmes": "复验工作: the definition of a campaign and its parts.",
    "progress": "进展: stages, targets and figures, as of any day.",
    "webhooks": "Webhooks for systems that do not speak Kafka.",
    "titles": "称号: titles awarded, corrected and revoked.",
}

_PARAMETERS: Mapping[str, str] = {
    "after": "The `next` of the page before; absent for the first page.",
    "application_id": "Id of an application.",
    "as_of": "The end of that day in Shanghai; today if absent.",
    "award_id": "Id of the act that awarded titles together.",
    "bulletin_id": "Id of a bulletin.",
    "deficiency_id": "Id of a gap.",
    "delivery": "Id of a delivery to a subscription.",
    "diff": "`previous` adds what changed since the application before.",
    "funding_id": "Id of a request for funding.",
    "inspection_id": "Id of a visit.",
    "item": "Code of an item of the standard.",
    "last-event-id": "Position after which to go on; browsers send it by themselves.",
    "limit": "How many at most.",
    "notice_id": "Id of a notice.",
    "officer": "Id of an officer, as in `sub` of their token.",
    "organisation": "Id of an organisation.",
    "phase": "Code of a phase, such as `application`.",
    "programme": "Code of the programme, such as `shanting-2018`.",
    "recommendation_id": "Id of a letter of recommendation.",
    "reward_id": "Id of a reward.",
    "round": "Which application of the township, from 1.",
    "side": "`open` for whoever reads events, `closed` for whoever writes them.",
    "state": "Only those that stand so.",
    "status": "Only those that stand so.",
    "subscription": "Id of a subscription.",
    "target": "Code of a target, such as `first-2018`.",
    "township": "Division code of a township, such as `370406001`.",
    "type": "Wire name of an event type, such as `fuyan.case.opened.v1`.",
    "unread": "Only what was not opened yet.",
    "year": "Calendar year.",
}

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Names this wish: sent again with the same content, it has one effect.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
    "example": "plan-2018-03-20",
}
_AFTER = {
    "name": "After",
    "in": "header",
    "required": False,
    "description": "What this builds on: `<context>/<subject>@<version>`, at most 16, by commas.",
    "schema": {"type": "string", "maxLength": 4000},
    "example": "dossier/shanting-2018/370406001@7",
}


def _if_match(*, required: bool) -> dict[str, Any]:
    return {
        "name": "If-Match",
        "in": "header",
        "required": required,
        "description": "The version that was seen, as its `ETag` said it.",
        "schema": {"type": "string", "pattern": '^"(0|[1-9][0-9]{0,17})"$'},
        "example": '"19"',
    }


def complete(document: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
    """Say of each operation who may, which headers it takes and gives, and how it refuses.

    A document names no host, and is the same for the same code wherever it is made.
    """
    document["info"]["description"] = INTRODUCTION
    used: set[str] = set()
    for route in iter_route_contexts(routes):
        if not isinstance(route.original_route, APIRoute) or not route.include_in_schema:
            continue
        for method in route.methods or ():
            operation = document["paths"][route.path_format][method.lower()]
            used |= set(operation.get("tags", ()))
            _complete(operation, route, method)
    document["tags"] = [
        {"name": tag, "description": _TAGS[tag]} if tag in _TAGS else {"name": tag}
        for tag in sorted(used)
    ]
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas |= models_json_schema(
        [(Problem, "serialization")], ref_template="#/components/schemas/{model}"
    )[1]["$defs"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)  # FastAPI's own way to refuse, which is not ours
    names = {name: _short(name) for name in schemas}
    components["schemas"] = {short: schemas[name] for name, short in sorted(names.items())}
    _tidy(document, names)
    components["responses"] = {
        f"Problem{status}": _refusal(str(status), text) for status, (_, text) in STATUSES.items()
    }


def _short(name: str) -> str:
    """`shared__contracts__case__Opened` says where our code is; a client wants `CaseOpened`."""
    *_, room, own = ("", *name.split("__"))
    return f"{room.capitalize()}{own}"


def _tidy(part: Any, names: Mapping[str, str]) -> None:
    """Follow the names that were shortened, and write whole bounds as whole numbers."""
    match part:
        case dict():
            if isinstance(ref := part.get("$ref"), str):
                start, _, name = ref.rpartition("/")
                part["$ref"] = f"{start}/{names.get(name, name)}"
            for bound in _BOUNDS:
                if isinstance(value := part.get(bound), float) and value.is_integer():
                    part[bound] = int(value)
            for each in part.values():
                _tidy(each, names)
        case list():
            for each in part:
                _tidy(each, names)


_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


def dependencies(needs: Dependant) -> Iterator[Any]:
    """All that a route depends on, at any depth."""
    for need in needs.dependencies:
        yield need.call
        yield from dependencies(need)


def roles_of(needs: Dependant) -> frozenset[str] | None:
    """Who may use a route: whom all that guard it let in; None where nobody need sign in."""
    guards = [call.roles for call in dependencies(needs) if isinstance(call, Allow)]
    return frozenset.intersection(*guards) if guards else None


def _complete(operation: dict[str, Any], route: RouteContext, method: str) -> None:
    calls = set(map(id, dependencies(route.dependant)))
    roles = roles_of(route.dependant)
    said = " ".join(operation.get("description", "").split("\n\n")[0].split())
    operation["summary"] = said.removesuffix(".")
    operation["description"] = f"{operation.get('description', '').strip()}\n\n{_who(roles)}"
    if roles is not None:
        operation["x-roles"] = sorted(roles)
    parameters = operation.get("parameters", [])
    if id(fresh) in calls and method not in ("GET", "HEAD"):
        parameters = [one for one in parameters if one["name"] not in ("at_least", "wait")]
        operation.pop("parameters", None)
    if id(command) in calls:
        parameters += [_KEY, _if_match(required=id(decision) in calls), _AFTER]
    if id(seen) in calls:
        parameters.append(_if_match(required=True))
    for parameter in parameters:
        parameter["schema"].pop("title", None)
        text = parameter["schema"].pop("description", None) or _PARAMETERS.get(parameter["name"])
        if text is not None:
            parameter.setdefault("description", text)
    order = {"path": 0, "query": 1, "header": 2}
    place = {name: at for at, name in enumerate((route.path_format or "").split("/"))}
    parameters.sort(key=lambda one: (order[one["in"]], place.get("{" + one["name"] + "}", 0)))
    if parameters:
        operation["parameters"] = parameters
    _answers(operation, route, _refusals(operation, roles, calls))


def _who(roles: frozenset[str] | None) -> str:
    if roles is None:
        return "Nobody need sign in."
    if roles == ROLES:
        return "For anyone who is signed in."
    return (
        "For "
        + ", ".join(f"{role} ({ROLE_NAMES[role]})" for role in ROLE_NAMES if role in roles)
        + "."
    )


def _refusals(
    operation: Mapping[str, Any], roles: frozenset[str] | None, calls: set[int]
) -> set[str]:
    parameters = operation.get("parameters", [])
    found = {"500"}
    if parameters or "requestBody" in operation:
        found |= {"400", "422"}
    if roles is not None:
        found |= {"401", "403", "503"}
    if any(one["in"] == "path" or one["name"] == "programme" for one in parameters):
        found.add("404")
    if "requestBody" in operation:
        found |= {"413", "415"}
    if id(command) in calls:
        found |= {"404", "409", "412", "413"}
    if id(seen) in calls:
        found |= {"409", "412"}
    if id(decision) in calls or id(seen) in calls:
        found.add("428")
    return found


def _answers(operation: dict[str, Any], route: RouteContext, refusals: set[str]) -> None:
    answers = operation["responses"]
    for status, answer in answers.items():
        if status >= "400" and "content" not in answer:
            refusals = refusals | {status}
        if answer.get("description") == "Successful Response":
            answer["description"] = "Done" if status == "201" else "As asked"
    made = route.response_model
    if "201" in answers and isinstance(made, type) and issubclass(made, Written):
        answers["201"]["description"] = "Done; sent again with its key, it is answered the same"
        answers["201"]["headers"] = {
            "Location": _header("Where it can be read", "uri-reference"),
            "ETag": _header("The version of the stream, for the next `If-Match`"),
        }
    answers |= {status: {"$ref": f"#/components/responses/Problem{status}"} for status in refusals}
    operation["responses"] = dict(sorted(answers.items()))


def _header(description: str, form: str | None = None) -> dict[str, Any]:
    schema = {"type": "string"} | ({"format": form} if form else {})
    return {"description": description, "required": True, "schema": schema}


def _refusal(status: str, description: str) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": description,
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
    if status == "401":
        answer["headers"] = {"WWW-Authenticate": _header("`Bearer`")}
    if status in ("409", "429", "503"):
        header = {"description": "Seconds after which to come again", "schema": {"type": "string"}}
        answer["headers"] = {"Retry-After": header}
    if status == "409":
        answer["content"]["application/problem+json"]["example"] = told(
            Refused("below-pass-mark", short_cp=3700, open_count=3)
        )
    return answer
