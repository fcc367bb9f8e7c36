"""The page that checks an export in any browser, without a network: one file, nothing loaded."""

import json
from importlib.resources import files

from deploy.proof.findings import SENTENCES
from deploy.proof.lines import NAMES


def page() -> str:
    """Its HTML, with script and sentences inside."""
    room = files("deploy.proof") / "page"
    script = (room / "verify.js").read_text("utf-8")
    sentences = json.dumps(SENTENCES, ensure_ascii=False).replace("</", "<\\/")
    script = script.replace("/*SENTENCES*/ {}", sentences)
    script = script.replace("/*SEALED*/ []", json.dumps(NAMES))
    html = (room / "verify.html").read_text("utf-8")
    return html.replace("/*STYLE*/", (room / "verify.css").read_text("utf-8")).replace(
        "/*SCRIPT*/", script
    )
