"""Settings that would be dangerous stop a service at its start, with a sentence."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.settings import ServiceSettings


def settings(**given: Any) -> ServiceSettings:
    usual = {
        "database": "postgresql://fuyan:hunter2@db/submission",
        "kafka": "kafka:9092",
        "issuer": "https://id.example.org",
        "jwks_url": "https://id.example.org/jwks",
    }
    return ServiceSettings(**(usual | given))


def test_a_movable_clock_is_refused_outside_the_demo() -> None:
    with pytest.raises(ValidationError, match="FUYAN_CLOCK is for the demo only"):
        settings(clock="/run/clock")
    assert settings(clock="/run/clock", demo=True).clock == "/run/clock"


def test_a_crash_point_is_refused_outside_the_demo_and_where_there_is_none() -> None:
    with pytest.raises(ValidationError, match="FUYAN_CRASH_AT is for tests"):
        settings(crash_at="relay/page-read")
    with pytest.raises(ValidationError, match="no crash point"):
        settings(crash_at="relay/page-raed", demo=True)
    with pytest.raises(ValidationError, match="no crash point"):
        settings(crash_at="relay/page-read:0", demo=True)
    assert settings(crash_at="relay/page-read:3", demo=True).crash_at == "relay/page-read:3"


def test_the_demos_issuer_is_refused_outside_the_demo() -> None:
    with pytest.raises(ValidationError, match="gives anyone any role"):
        settings(issuer="urn:fuyan:demo:local")
    assert settings(issuer="urn:fuyan:demo:local", demo=True).demo


def test_no_secret_is_shown(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("sesame\n")
    given = settings(kafka_username="fuyan", kafka_password_file=password)
    assert given.kafka_password() == "sesame"
    assert "hunter2" not in repr(given)
    assert "sesame" not in repr(given)
    with pytest.raises(ValidationError) as caught:
        settings(clock="/run/clock")
    assert "hunter2" not in str(caught.value)


def test_a_kafka_user_needs_a_password() -> None:
    with pytest.raises(ValidationError, match="go together"):
        settings(kafka_username="fuyan")


def test_the_environment_fills_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "FUYAN_DATABASE": "postgresql://db/review",
        "FUYAN_KAFKA": "k:9092",
        "FUYAN_ISSUER": "https://id",
        "FUYAN_JWKS_URL": "https://id/jwks",
        "FUYAN_INSTALLATION": "shanting",
    }.items():
        monkeypatch.setenv(name, value)
    assert ServiceSettings().installation == "shanting"
