"""The services that run, and whether all of them read what one of them is told to write."""

import os
from collections.abc import Collection, Mapping
from typing import Any

import httpx

from deploy.cli.services import Service
from deploy.doctor.finding import Finding, away, listed, skipped, well, wrong
from deploy.doctor.record import JOURNALED, KEPT, WRITERS
from shared.contracts.registry import CONTEXTS, newest

CHECK = "versions"


def addresses() -> dict[Service, str]:
    """FUYAN_URL_<SERVICE>, of those that are given."""
    found = {service: os.environ.get(f"FUYAN_URL_{service.upper()}", "") for service in Service}
    return {service: url for service, url in found.items() if url}


async def versions(urls: Mapping[Service, str]) -> tuple[dict[Service, Any], list[Finding]]:
    """What each says under `/version`, and which did not answer."""
    told: dict[Service, Any] = {}
    silent: list[Finding] = []
    async with httpx.AsyncClient(timeout=5) as http:
        for service, url in urls.items():
            try:
                answer = await http.get(f"{url}/version")
                answer.raise_for_status()
                told[service] = answer.json()
            except (httpx.HTTPError, ValueError) as error:
                silent.append(away(f"running/{service}", f"{service} ({url})", error))
    return told, silent


def readers(context: str) -> set[Service]:
    """Who reads the events of a context: its own writer too, after the next restart."""
    kept = {service for service, contexts in KEPT.items() if context in contexts}
    journal = {Service.projection} if context in JOURNALED else set()
    return kept | journal | {WRITERS[context]}


def emission(told: Mapping[Service, Any], raising: Collection[str] = ()) -> list[Finding]:
    """One line for what is emitted, and one for each version that somebody wants to raise.

    Wrong where a running service that reads the context cannot read what is, or would be, written.
    """
    if not told:
        return [
            skipped(
                CHECK,
                "未给出 FUYAN_URL_<服务>，未查看运行中的版本",
                "no FUYAN_URL_<SERVICE> is given: the running versions were not looked at",
            )
        ]
    emitted = sorted({name for one in told.values() for name in one["emits"]})
    blind = [line for name in emitted for line in _blind(name, told)]
    found = [
        wrong(
            CHECK,
            (
                f"正在写出有服务读不懂的版本：{listed(blind)}",
                f"what is written cannot be read: {listed(blind)}",
            ),
            (
                "请先升级所列服务，或从 FUYAN_EMIT 中去掉该版本并重启写出它的服务",
                "Upgrade these services, or take it out of FUYAN_EMIT and restart its writer",
            ),
            blind=blind,
        )
        if blind
        else well(
            CHECK,
            "运行中的各服务都能读懂正在写出的版本",
            "each running service reads all that is written",
            emits=[name for name in emitted if newest(name) == name and not name.endswith(".v1")],
        )
    ]
    for name in sorted(raising):
        found.append(_may_raise(name, told))
    return found


def _may_raise(name: str, told: Mapping[Service, Any]) -> Finding:
    check = f"emit/{name}"
    context = name.split(".")[1] if name.count(".") == 3 else ""
    if context not in CONTEXTS:
        return wrong(
            check,
            (f"没有 {name} 这一事件", f"there is no {name}"),
            ("请核对名称，见 /v1/contracts", "Check the name, see /v1/contracts"),
        )
    unseen = sorted(readers(context) - told.keys())
    blind = [*_blind(name, told), *(f"{service} does not answer" for service in unseen)]
    if blind:
        return wrong(
            check,
            (f"不可启用：{listed(blind)}", f"must not be raised: {listed(blind)}"),
            ("请先升级所列服务", "Upgrade these services first"),
            blind=blind,
        )
    return well(check, "可以启用：各服务都能读懂", "may be raised: every service reads it")


def _blind(name: str, told: Mapping[Service, Any]) -> list[str]:
    context = name.split(".")[1]
    return [
        f"{service} cannot read {name}"
        for service in sorted(readers(context) & told.keys())
        if name not in told[service]["reads"]
    ]
