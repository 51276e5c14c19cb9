"""Creates the repositories of the demo, each in a different state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agentdash.demo import projects
from agentdash.demo.folder import DemoFolder
from agentdash.demo.git import GIT_CONFIG, git

BASE = "refs/demo/base"
"""The commit to which a repository is reset before a run, so that none grows without bound."""

AGENT_BRANCH = {"web": "fix-auth", "cli": "main", "orders": "main", "docs": "main"}
"""The branch of the runs in each repository that has some."""


class DemoRepos:
    """Creates and resets the repositories below one folder."""

    def __init__(self, folder: DemoFolder, env: dict[str, str]) -> None:
        self._folder = folder
        self._env = env
        (folder.root / "config" / "gitconfig").write_text(GIT_CONFIG)

    def make_all(self) -> None:
        """Create all of them, two at a time.

        Raises:
            subprocess.CalledProcessError: when git fails.
        """
        works: tuple[Callable[[], None], ...] = (
            self._web, self._site, self._api, self._cli, self._orders, self._docs, self._infra,
        )  # fmt: skip
        with ThreadPoolExecutor(2, "git") as pool:
            for done in [pool.submit(work) for work in works]:
                done.result()

    def reset(self, name: str) -> None:
        """Reset a repository to its base, and remove the commits of earlier runs."""
        repo = self._folder.projects / name
        branch = AGENT_BRANCH[name]
        self._git(repo, "checkout", "-q", "-f", "--detach", BASE)
        self._git(repo, "update-ref", f"refs/heads/{branch}", BASE)
        self._git(repo, "checkout", "-q", "-f", branch)
        self._git(repo, "clean", "-fdq")
        self._git(repo, "reflog", "expire", "--expire=now", "--all")
        self._git(repo, "gc", "-q", "--prune=now")

    def _git(self, repo: Path, *words: str, may_fail: bool = False) -> None:
        git(repo, *words, env=self._env, may_fail=may_fail)

    def _begin(self, name: str, files: Mapping[str, str], message: str) -> Path:
        repo = self._folder.projects / name
        repo.mkdir()
        self._git(repo, "init", "-q")
        self._commit(repo, message, files)
        return repo

    def _commit(self, repo: Path, message: str, files: Mapping[str, str]) -> None:
        write(repo, files)
        self._git(repo, "add", "-A")
        self._git(repo, "commit", "-q", "-m", message)

    def _publish(self, repo: Path) -> None:
        """Give *repo* an upstream that holds its main branch."""
        bare = self._folder.upstream / f"{repo.name}.git"
        self._git(self._folder.upstream, "init", "-q", "--bare", bare.name)
        self._git(repo, "remote", "add", "origin", str(bare))
        self._git(repo, "push", "-q", "-u", "origin", "main")

    def _keep_base(self, repo: Path) -> None:
        self._git(repo, "update-ref", BASE, "HEAD")

    def _web(self) -> None:
        """A branch ahead of its upstream, used by an agent."""
        repo = self._begin("web", projects.WEB, "Sessions and tokens")
        self._publish(repo)
        self._git(repo, "checkout", "-q", "-b", "fix-auth", "--track", "origin/main")
        self._commit(repo, "Say what a token is", {"docs/token.md": "# Tokens\n\nThey live 15 minutes.\n"})
        self._commit(repo, "Name the time to live", {"docs/ttl.md": "# TTL\n\n900 seconds.\n"})
        self._keep_base(repo)

    def _cli(self) -> None:
        self._keep_base(self._begin("cli", projects.CLI, "A parser of options"))

    def _orders(self) -> None:
        self._keep_base(self._begin("orders", projects.ORDERS, "Orders and items"))

    def _docs(self) -> None:
        self._keep_base(self._begin("docs", projects.DOCS, "The handbook"))

    def _api(self) -> None:
        """Two commits ahead, one behind, and an uncommitted change."""
        repo = self._begin("api", projects.API, "Routes")
        self._commit(repo, "Health check", {"api/health.py": "def health():\n    return 200\n"})
        self._publish(repo)
        self._git(repo, "reset", "-q", "--hard", "HEAD~1")
        self._commit(repo, "Time-outs", {"api/limits.py": "TIMEOUT_S = 30\n"})
        self._commit(repo, "Fewer retries", {"api/limits.py": "TIMEOUT_S = 30\nRETRIES = 1\n"})
        write(repo, {"api/limits.py": "TIMEOUT_S = 10\nRETRIES = 1\n"})

    def _infra(self) -> None:
        """Clean, and up to date with its upstream."""
        self._publish(self._begin("infra", projects.INFRA, "Two servers"))

    def _site(self) -> None:
        """In the middle of a rebase, with a conflict."""
        repo = self._begin("site", projects.SITE, "A page")
        self._git(repo, "checkout", "-q", "-b", "redesign")
        self._commit(repo, "Friendlier title", {"index.html": "<h1>Welcome to the shop</h1>\n"})
        self._commit(repo, "Colour", {"style.css": "h1 { color: teal }\n"})
        self._git(repo, "checkout", "-q", "main")
        self._commit(repo, "Shorter title", {"index.html": "<h1>Shop</h1>\n"})
        self._git(repo, "checkout", "-q", "redesign")
        self._git(repo, "rebase", "-q", "main", may_fail=True)


def write(repo: Path, files: Mapping[str, str]) -> None:
    """Write *files* (relative path to text) into *repo*."""
    for name, text in files.items():
        path = repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
