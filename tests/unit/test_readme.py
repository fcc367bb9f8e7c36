"""Both READMEs lead somewhere: to files, commands and settings that are there, and to the same."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from deploy.cli.main import app
from deploy.cli.services import Service, settings_of
from deploy.local.scenario import load

ROOT = Path(__file__).parents[2]
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
BOTH = pytest.mark.parametrize("readme", [ENGLISH, CHINESE], ids=lambda path: path.name)

LINK = re.compile(r'\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"')
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?<![\w/.-])(?:\.venv/bin/)?(fuyan|make)((?: [a-z0-9][\w.:-]*| --[a-z-]+)+)")


def text(readme: Path) -> str:
    return readme.read_text(encoding="utf-8")


def blocks(readme: Path, language: str) -> list[str]:
    return [body for name, body in BLOCK.findall(text(readme)) if name == language]


def commands(readme: Path) -> list[str]:
    """The lines of all shell blocks, without what is said in a language."""
    spoken = re.compile(r'(?:^|\s+)# .*$|(?<="description": )"[^"]*"')
    lines = (spoken.sub("", line) for block in blocks(readme, "sh") for line in block.splitlines())
    return [line for line in lines if line.strip()]


def named(readme: Path) -> Iterator[tuple[str, list[str]]]:
    """Every `make …` and `fuyan …`, in a block or in a sentence."""
    code = [*commands(readme), *re.findall(r"`([^`\n]+)`", text(readme))]
    for line in code:
        for tool, rest in COMMAND.findall(line):
            yield tool, rest.split()


def headings(readme: Path) -> list[str]:
    """Their levels, in order; a comment in a block is none."""
    return re.findall(r"^(#+) ", BLOCK.sub("", text(readme)), re.MULTILINE)


def links(readme: Path) -> list[str]:
    found = [first or second for first, second in LINK.findall(text(readme))]
    return [link for link in found if not link.startswith(("http:", "https:"))]


@BOTH
def test_every_link_and_picture_leads_to_something(readme: Path) -> None:
    found = links(readme)
    assert {"docs/overview.png", "docs/overview-phone.png", "docs/flow.svg"} <= set(found)
    assert [link for link in found if not (ROOT / link.partition("#")[0]).exists()] == []


def test_both_lead_to_the_same_places() -> None:
    other = {ENGLISH.name, CHINESE.name}
    assert set(links(ENGLISH)) - other == set(links(CHINESE)) - other


def test_both_have_the_same_headings_in_the_same_order() -> None:
    assert headings(ENGLISH) == headings(CHINESE)


def test_both_give_the_same_commands() -> None:
    assert commands(ENGLISH) == commands(CHINESE)
    assert blocks(ENGLISH, "json") == blocks(CHINESE, "json")


def test_each_row_of_a_table_leads_to_the_same_in_both() -> None:
    english, chinese = (
        [
            re.findall(r"\]\(([^)]+)\)", row)
            for row in re.findall(r"^\|.+", text(readme), re.MULTILINE)
        ]
        for readme in (ENGLISH, CHINESE)
    )
    assert english == chinese


@BOTH
def test_every_make_target_exists(readme: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    wanted = {words[0] for tool, words in named(readme) if tool == "make"}
    assert {"demo", "demo-once", "test"} <= wanted <= targets


@BOTH
def test_every_fuyan_command_exists_with_its_options(readme: Path) -> None:
    found = [words for tool, words in named(readme) if tool == "fuyan"]
    assert {"token", "serve", "migrate", "topics", "contracts"} <= {words[0] for words in found}
    for words in found:
        command, rest = get_command(app), list(words)
        while isinstance(command, TyperGroup):
            assert rest, f"fuyan {' '.join(words)} is a group of commands"
            assert rest[0] in command.commands, f"fuyan {' '.join(words)}"
            command = command.commands[rest.pop(0)]
        known = {name for option in command.params for name in option.opts} | {"--help"}
        assert {word for word in rest if word.startswith("--")} <= known, f"fuyan {words}"


@BOTH
def test_every_setting_of_a_service_is_told_and_no_other(readme: Path) -> None:
    told = set(re.findall(r"FUYAN_[A-Z_]+[A-Z]", text(readme)))
    fields = {name for service in Service for name in settings_of(service).model_fields}
    of_services = {f"FUYAN_{name}".upper() for name in fields}
    of_topics = {"TOPICS", "TOPIC_REPLICATION"}
    of_tests = {"REQUIRE", "SCHEMATHESIS", "STATEFUL_EXAMPLES"}
    assert told == of_services | {f"FUYAN_{name}" for name in of_topics | of_tests}


@BOTH
def test_the_result_shown_is_that_of_the_story(readme: Path) -> None:
    (line,) = (json.loads(block) for block in blocks(readme, "json"))
    assert line["programme"] == load().programme
    assert sorted(line["townships"]) == sorted(load().codes.values())
    assert line["verified"] is True
