"""A repository at one moment, made by hand: what its screen asks for, and what it is told."""

from __future__ import annotations

from dataclasses import replace

from agentdash.core.commands import Command, Outcome
from agentdash.core.queries import Answer, Query
from agentdash.core.repos.commands import LeftOut, StagePart, StagePlan, StagePlanQuery
from agentdash.core.repos.model import FileChange, ReposSnapshot, Submodules
from agentdash.core.repos.queries import (
    CommitDiffQuery,
    CommitLine,
    RepoDetail,
    RepoDetailQuery,
    RepoDiff,
    RepoDiffQuery,
    RepoSize,
    RepoSizeQuery,
    SubmoduleLine,
    WorktreeLine,
)
from agentdash.core.snapshot import Topic
from tests.tui import scene
from tests.tui.scene import NOW
from tui.app import AgentDash

PATH = "/projects/web"
DIFF = """\
diff --git a/src/auth/token.py b/src/auth/token.py
index 83db48f..bf2a1c5 100644
--- a/src/auth/token.py
+++ b/src/auth/token.py
@@ -12,9 +12,11 @@ class Token:
     def refresh(self) -> "Token":
         \"\"\"A new one in place of this.\"\"\"
-        if self.expires < time.time():
-            return self
+        if self.expires <= self._clock.now():  # also at the very moment
+            raise Expired(self.id)
+        found = self._store.find(self.id, limit=10)
         return Token(self.id, self._clock.now() + 3600)

     def revoke(self) -> None:
""".splitlines()
CHANGES = (
    FileChange("src/auth/clock.py", "A."),
    FileChange("src/auth/token.py", "MM"),
    FileChange("src/auth/sessions.py", "R.", "src/sessions.py"),
    FileChange("docs/auth.md", ".M"),
    FileChange("lib/proto", ".M"),
    FileChange("src/auth/old.py", ".D"),
    FileChange("notes.md", "??"),
    FileChange("tests/data/", "??"),
)


def _commit(number: int, subject: str, ago: int, author: str = "Ada", name: str = "") -> CommitLine:
    return CommitLine(f"{number:x}" * 10, NOW - ago, author, subject, name)


DETAIL = RepoDetail(
    PATH,
    commits=(
        _commit(0x1A2B, "mend the refresh of tokens", 240_000),
        _commit(0x2C4D, "a clock that tests can turn", 4_200_000, "codex"),
        _commit(0x3E6F, "sessions: store by id", 90_000_000, "Grace"),
    ),
    stashes=(_commit(0x4A5B, "WIP on main: half of the limits", 7_200_000, name="stash@{0}"),),
    worktrees=(
        WorktreeLine(PATH, "1a2b1a2b", "fix-auth"),
        WorktreeLine("/projects/web-review", "3e6f3e6f", None, "locked"),
    ),
    submodules=(SubmoduleLine("lib/proto", "77aa77aa", "88bb88bb", True, "git@example.com:team/proto.git"),),
    added=48,
    deleted=17,
)
PLAN = StagePlan((
    StagePart(f"{PATH}/lib/proto", "web/lib/proto", blocked="locked: index.lock is there"),
    StagePart(
        PATH, "web", (b"src/auth/token.py", b"docs/auth.md", b"notes.md"),
        (LeftOut(".env", "a secret (github-token) in line 3"), LeftOut("x.log", "ignored")), 4, 3,
    ),
))  # fmt: skip
FREE = StagePlan(PLAN.parts[1:])
"""The same where nothing is locked."""


class TellingEngine(scene.StillEngine):
    """An engine that reads nothing, and answers what a repository's screen asks for."""

    asked: list[Query]
    sent: list[Command]
    plan: StagePlan

    async def ask(self, query: Query) -> Answer:
        """Answer from what is made up."""
        self.asked.append(query)
        match query:
            case RepoDetailQuery():
                return DETAIL
            case RepoSizeQuery(path=path):
                return RepoSize(path, 48, 17)
            case RepoDiffQuery():
                return RepoDiff(PATH, tuple(DIFF))
            case CommitDiffQuery(sha=sha):
                return RepoDiff(PATH, (f"commit {sha}", "Author: Ada", "", "    mend the refresh", "", *DIFF))
            case StagePlanQuery():
                return self.plan
        return None

    async def dispatch(self, command: Command) -> Outcome:
        """Take it down."""
        self.sent.append(command)
        return Outcome(True, "done")


def app(**options: object) -> AgentDash:
    """The app over a store that stands still, whose repositories can be looked into."""
    dash = scene.app(**options)  # type: ignore[arg-type]
    engine = dash.engine
    engine.__class__ = TellingEngine
    assert isinstance(engine, TellingEngine)
    engine.asked, engine.sent, engine.plan = [], [], PLAN
    found, runs = dash.store.repos, dash.store.runs
    assert isinstance(found, ReposSnapshot)
    assert runs is not None
    web = replace(
        found.repos[0], changes=CHANGES, changes_total=8, upstream="origin/fix-auth", ahead=2, behind=0,
        stash=1, submodules=Submodules(1, 0, 1, ("lib/proto",)),
    )  # fmt: skip
    dash.store.put(Topic.REPOS, replace(found, repos=(web, *found.repos[1:])))
    here = replace(runs.runs[0], cwd=f"{PATH}/src")
    dash.store.put(Topic.RUNS, replace(runs, runs=(here, *runs.runs[1:])))
    return dash
