"""Reading one's own writes: an answer holds what the asker names, or says that it does not yet."""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request

from shared.contracts.refusals import Refused
from shared.store.command import Heard
from shared.web.auth import Auth

ADDRESS = re.compile(r"(programme|dossier|case|notice)/([!-~]{1,200})@([1-9][0-9]{0,8})")
_READING = ("GET", "HEAD")

Standing = Literal["reached", "not-yet", "parked"]
Reached = Callable[[Heard, float], Awaitable[Standing]]
"""Whether an event is behind what is answered here, waiting for it at most so many seconds."""


async def fresh(
    request: Request,
    at_least: Annotated[
        str | None,
        Query(
            pattern=f"^{ADDRESS.pattern}$",
            description="What the answer must hold already: `<context>/<subject>@<version>`.",
        ),
    ] = None,
    wait: Annotated[
        str,
        Query(
            pattern=r"^([1-9]|10)s$", description="How long to wait for `at_least` at most, to 10s."
        ),
    ] = "2s",
) -> None:
    """A dependency of all that answers with state: wait until what the asker names is in it.

    Raises Refused: `at-least-elsewhere` where this service never hears of it, `not-yet-visible`
    when it takes longer, `parked` at once when a person must act first; and who asks is known.
    """
    named = ADDRESS.fullmatch(at_least or "")
    if named is None or request.method not in _READING:
        return
    auth: Auth = request.app.state.auth
    await auth.principal(request)  # strangers have nobody wait for them
    heard = Heard(named[1], named[2], int(named[3]))
    contexts: frozenset[str] = request.app.state.contexts
    if heard.context not in contexts:
        raise Refused("at-least-elsewhere", context=heard.context, known=sorted(contexts))
    reached: Reached = request.app.state.reached
    match await reached(heard, float(wait[:-1])):
        case "not-yet":
            raise Refused("not-yet-visible", at_least=str(heard), retry_after_s=1)
        case "parked":
            raise Refused("parked", at_least=str(heard))
        case "reached":
            pass


FRESH: list[Any] = [Depends(fresh)]
"""Given to `include_router`: each reading route beneath it takes `at_least` and `wait`."""
