"""The maintenance agents: one completes a migration, one fails its tests, one checks the docs."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

from agentdash.demo.agents.agent import DemoAgent

LINK = re.compile(r"\]\(([^)#:]+)\)")


def migrate(agent: DemoAgent) -> int:
    """Add a column by a migration; prints the line that completes the run once the tests pass."""
    agent.read("db/001_orders.sql")
    agent.print("the currency is missing: adding a column")
    agent.write(
        "db/003_currency.sql", "ALTER TABLE orders ADD COLUMN currency TEXT NOT NULL DEFAULT 'EUR';\n"
    )
    if agent.test().good:
        agent.commit("Orders have a currency")
        agent.print("MIGRATION COMPLETE")
    return 0


def bump(agent: DemoAgent) -> int:
    """Raise the pinned versions; in the third turn a pin is missing, the tests fail, and it gives up."""
    pins = agent.read("requirements.txt")
    if agent.turn < 3:
        raised = re.sub(r"(\d+)$", lambda last: str(int(last[1]) + 1), pins, flags=re.MULTILINE)
        agent.write("requirements.txt", raised)
    else:
        agent.write("requirements.txt", pins.replace("==", ">=", 1))
    agent.think(3.0)
    tests = agent.test()
    if tests.good:
        return 0
    agent.print(f"tests failed: {tests.failed} of {tests.passed + tests.failed}; giving up", "ERROR")
    return 1


def sweep(agent: DemoAgent) -> int:
    """Check one page per turn: report dead links, and fix those with a similar page."""
    pages = sorted(
        (str(page) for page in Path("docs").glob("*.md")), key=lambda page: ("index" not in page, page)
    )
    page = pages[(agent.turn - 1) % len(pages)]
    text = agent.read(page)
    agent.think(4.0)
    for target in LINK.findall(text):
        if not (Path("docs") / target).exists():
            _report(agent, page, target)
            twin = target.replace("-", "")
            if (Path("docs") / twin).exists():
                text = text.replace(f"({target})", f"({twin})")
    reviewed = text.partition("\n_Reviewed")[0]
    agent.write(page, f"{reviewed}\n_Reviewed in turn {agent.turn}._\n")
    agent.think(5.0)
    agent.test()
    if agent.turn % 3 == 0:
        agent.commit(f"Review {Path(page).stem}")
    agent.think(4.0)
    return 0


def _report(agent: DemoAgent, page: str, target: str) -> None:
    """Append a finding to the inbox, as one line of JSON."""
    finding = {
        "findingId": f"DS-{Path(page).stem}-{Path(target).stem}",
        "agentId": "DOCS_SWEEP",
        "category": "DOC_DRIFT",
        "severity": "LOW",
        "timestamp": time.time_ns() // 1_000_000,
        "summary": f"{page} links to {target}, which is not there",
        "evidence": [f"({target})"],
        "affectedFiles": [page],
        "recommendation": f"write docs/{target} or fix the link",
        "status": "open",
    }
    with (agent.inbox / "docs-sweep.jsonl").open("a") as file:
        file.write(json.dumps(finding) + "\n")
    agent.print(f"{page}: {target} is not there", "WARN")
