"""What every service is told by its environment: `FUYAN_DATABASE`, `FUYAN_KAFKA` and so on."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, PositiveFloat, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.contracts.registry import CONTRACTS_URL, SHAPES
from shared.crash import parse
from shared.events.signing import Signer

DEMO_ISSUER = "urn:fuyan:demo"


class ServiceSettings(BaseSettings):
    """Wrong settings stop a service at its start, with a sentence; secrets are in no repr or error.

    A service adds its own fields in a subclass.
    """

    model_config = SettingsConfigDict(
        env_prefix="FUYAN_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    database: str = Field(repr=False)
    """DSN of this service's own PostgreSQL database."""
    kafka: str
    """Bootstrap servers, `host:port,host:port`."""
    kafka_username: str | None = None
    kafka_password_file: Path | None = None
    kafka_ca_file: Path | None = None
    installation: str = Field(default="local", pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    issuer: str
    """Who signs the tokens (`iss`)."""
    jwks_url: str
    audience: str = "fuyan"
    emit: str = Field(default="", max_length=4000)
    """Wire names of event versions that are written from now on, by commas; else the first ones."""
    contracts_url: str = Field(default=CONTRACTS_URL, pattern=r"^https?://[^ ]+[^/ ]$")
    """Where readers of the topics find the JSON Schemas (`ce_dataschema`): notification's."""
    sign_in_url: str | None = None
    """Where a browser without a session is sent, with `?return=<this service's /session>`."""
    clock: str | None = None
    """A file that the demo writes the time into; refused outside the demo."""
    demo: bool = False
    crash_at: str | None = None
    """Where the process dies (`shared/crash.py`), for tests; refused outside the demo."""
    crash_log: Path | None = None
    """The file that is told when it did."""
    signing_key_file: Path | None = None
    """A P-256 key in PEM, with which a service that writes signs its tree heads."""
    tree_head_seconds: PositiveFloat = 10
    """How long after a tree head the next one is signed, at the earliest."""
    drain_seconds: PositiveFloat = 20
    """How long requests in flight may take after SIGTERM."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _fit_for_service(self) -> Self:
        if self.issuer.startswith(DEMO_ISSUER) and not self.demo:
            raise ValueError(
                f"FUYAN_ISSUER {self.issuer} gives anyone any role: it is for the demo only; "
                "name the issuer of your identity provider"
            )
        if self.clock is not None and not self.demo:
            raise ValueError(
                "FUYAN_CLOCK is for the demo only: unset it, or the record could be back-dated"
            )
        if self.crash_at is not None and not self.demo:
            raise ValueError("FUYAN_CRASH_AT is for tests in the demo only: unset it")
        if self.crash_at is not None:
            parse(self.crash_at)
        if self.signing_key_file is not None:
            Signer.read(self.signing_key_file)
        if (self.kafka_username is None) != (self.kafka_password_file is None):
            raise ValueError("FUYAN_KAFKA_USERNAME and FUYAN_KAFKA_PASSWORD_FILE go together")
        if unknown := sorted(self.emitted - SHAPES.keys()):
            raise ValueError(
                f"FUYAN_EMIT names {', '.join(unknown)}, which this release cannot write: "
                "upgrade it first, or take the name out"
            )
        return self

    @property
    def emitted(self) -> frozenset[str]:
        """The wire names of `emit`."""
        return frozenset(name.strip() for name in self.emit.split(",") if name.strip())

    def kafka_password(self) -> str | None:
        """Read when asked, so that it is kept in no object that could be shown."""
        if self.kafka_password_file is None:
            return None
        return self.kafka_password_file.read_text().strip()
