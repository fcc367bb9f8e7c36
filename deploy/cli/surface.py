"""What is committed of the HTTP surface: each service's OpenAPI document, and every refusal."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from fastapi import FastAPI

from deploy.cli.services import ROOT, Service, settings_of
from shared.contracts.export import pretty
from shared.settings import DEMO_ISSUER
from shared.web.catalogue import markdown

DOCS = ROOT / "docs"


def app_of(service: Service) -> FastAPI:
    """A service that is asked for its document and never started: it connects to nothing."""
    settings = settings_of(service)(
        database="postgresql:///unused",
        kafka="unused:9092",
        issuer=DEMO_ISSUER,
        jwks_url="http://unused/jwks",
        sign_in_url=None,
        clock=None,
        demo=True,
    )
    app: FastAPI = import_module(f"services.{service}.app").create_app(settings)
    return app


def files() -> Iterator[tuple[str, bytes]]:
    """Every generated file: its path below `docs`, and its content."""
    for service in Service:
        yield f"openapi/{service}.json", pretty(app_of(service).openapi()).encode()
    yield "problems.md", markdown().encode()


def drifted(docs: Path = DOCS) -> list[str]:
    """A sentence for each committed file that is not what the services say."""
    found = []
    for name, content in files():
        path = docs / name
        if not path.exists():
            found.append(f"docs/{name} is missing.")
        elif path.read_bytes() != content:
            found.append(f"docs/{name} is not what the services say.")
    return found


def write(docs: Path = DOCS) -> int:
    """Generate every file; answers how many changed."""
    changed = 0
    for name, content in files():
        path = docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
            changed += 1
    return changed
