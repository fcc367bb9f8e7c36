"""The demo: four services as processes of their own, played through their public HTTP APIs."""

import asyncio
import json
import signal
from dataclasses import dataclass
from datetime import date

from rich.console import Console
from rich.progress import Progress

from deploy.local.player import play
from deploy.local.records import counted
from deploy.local.scenario import load
from deploy.local.settling import settled
from deploy.local.stage import Stage, stage
from deploy.local.verify import verify

# Progress goes to stderr: the last line of stdout is the result, for a program to read.
console = Console(stderr=True, highlight=False)


class Differs(Exception):
    """What the product answers is not what its logs say; each difference is a line."""


@dataclass
class Demo:
    """One run, from empty databases to a verified result."""

    kafka: str = "embedded"
    pace: float = 0
    port: int = 8001
    once: bool = True

    async def run(self) -> None:
        """Play and verify; with `once` print the result and end, else stay until Ctrl-C."""
        async with stage(self.kafka, self.port) as parts:
            console.print(f"  PostgreSQL   127.0.0.1:{parts.server.port}")
            console.print(f"  Kafka        {parts.cluster.bootstrap}  ({parts.cluster.name})")
            for service, url in parts.urls.items():
                console.print(f"  {service:<13}{url}")
            console.print(f"  issuer       {parts.issuer_url}  (令牌 tokens: fuyan token --help)")
            console.print(f"  运维 operators . {parts.operators}  (then: fuyan --help)")
            console.print(f"  看板 dashboard {parts.urls['projection']}/  (Ctrl-C 结束 ends it)")
            result = await self.play(parts)
            print(json.dumps(result, ensure_ascii=False), flush=True)
            if not self.once:
                await _until_interrupted()

    async def play(self, parts: Stage) -> dict[str, object]:
        """The scenario through the public APIs, then the check; raises Differs."""
        scenario = load()
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task("2018年2月5日", total=None)

            def shown(day: date, done: int, total: int, what: str) -> None:
                text = f"{day.year}年{day.month}月{day.day}日 {what}"
                bar.update(task, description=text, completed=done, total=total)

            await play(parts.urls, parts.issuer, parts.clock, scenario, self.pace, shown)
        await settled(parts.databases, scenario.ends_on)
        verdict = await verify(
            parts.databases,
            parts.urls["projection"],
            parts.issuer.token("verifier", "370406-safety", ["auditor"]),
            programme=scenario.programme,
            on=scenario.ends_on,
            kafka=parts.cluster.name,
            topics=counted(parts.cluster),
            also=scenario.checked_on,
        )
        if verdict.differences:
            console.print_json(json.dumps(verdict.result, ensure_ascii=False))
            raise Differs("\n".join(("What was played differs:", *verdict.differences)))
        return verdict.result


async def _until_interrupted() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
