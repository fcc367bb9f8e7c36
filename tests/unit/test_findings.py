"""What a check says of a file, whoever made the file."""

import pytest

from deploy.proof.findings import Finding


@pytest.mark.parametrize("language", [0, 1])
def test_a_file_that_was_tampered_with_does_not_write_on_the_terminal(language: int) -> None:
    stream = "dossier/p/镇街\x1b[2J\r\u202eok"
    said = Finding("stream-inserted", "review\x1b", {"stream": stream}).told(language)
    assert said.isprintable()
    assert "dossier/p/镇街�[2J��ok" in said
