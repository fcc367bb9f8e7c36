"""The committed contracts: written from the registry, and never against what they promised."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from shared.contracts import audit
from shared.contracts.asyncapi import document
from shared.contracts.compatibility import incompatible
from shared.contracts.payloads import HERE, SIDES, example, schema
from shared.contracts.registry import SHAPES, decode


def pretty(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def files() -> Iterator[tuple[str, bytes]]:
    """Every generated file: its path below `shared/contracts`, and its content."""
    for name in sorted(SHAPES):
        for side in SIDES:
            yield f"schemas/{name}.{side}.json", pretty(schema(name, side)).encode()
        yield f"examples/{name}.json", example(name)
    yield f"audit/{audit.TREE_HEAD}.json", pretty(audit.schema()).encode()
    text = yaml.safe_dump(document(), allow_unicode=True, sort_keys=False, width=100)
    yield "asyncapi.yaml", text.encode()


def broken(committed: Path = HERE) -> list[str]:
    """A sentence for each promise of the committed contracts that the registry breaks."""
    found = []
    for path in sorted((committed / "schemas").glob("*.closed.json")):
        name = path.name.removesuffix(".closed.json")
        if name not in SHAPES:
            found.append(f"{name} is gone: a published type stays, and a new version joins it.")
            continue
        before = json.loads(path.read_text("utf-8"))
        found += incompatible(name, before, schema(name, "closed"))
    for path in sorted((committed / "examples").glob("*.json")):
        name = path.name.removesuffix(".json")
        if name in SHAPES:
            try:
                decode(name, path.read_bytes())
            except ValueError as error:
                found.append(f"{name}: its committed example can no longer be read: {error}")
    return found


def drifted(committed: Path = HERE) -> list[str]:
    """A sentence for each committed file that is not what the registry generates."""
    made = dict(files())
    found = []
    for path, content in made.items():
        try:
            if (committed / path).read_bytes() != content:
                found.append(f"{path} is not what the registry says.")
        except FileNotFoundError:
            found.append(f"{path} is missing.")
    kept = {
        str(path.relative_to(committed))
        for folder in ("schemas", "examples")
        for path in (committed / folder).glob("*.json")
    }
    return found + [f"{path} belongs to no type." for path in sorted(kept - made.keys())]


def write(committed: Path = HERE) -> int:
    """Generate every file; answers how many changed."""
    changed = 0
    for name, content in files():
        path = committed / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
            changed += 1
    return changed
