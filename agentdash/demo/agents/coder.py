"""An agent that adds small functions with tests, and fixes those that it got wrong at first."""

from __future__ import annotations

from dataclasses import dataclass

from agentdash.demo.agents.agent import DemoAgent


@dataclass(frozen=True, slots=True)
class Feature:
    """One function to add: its right and its wrong body, and its test."""

    name: str
    right: str
    wrong: str
    check: str

    def code(self, body: str) -> str:
        """The function that returns *body*."""
        return f"\n\ndef {self.name}:\n    return {body}\n"

    @property
    def test(self) -> str:
        """Its test."""
        return f"\n    def test_{self.name.partition('(')[0]}(self):\n        self.assertTrue({self.check})\n"


@dataclass(frozen=True, slots=True)
class Task:
    """What an agent works on: the module, its tests, and the features to add in turn."""

    module: str
    tests: str
    features: tuple[Feature, ...]


TOKEN = Task(
    "src/auth/token.py",
    "tests/test_token.py",
    (
        Feature("refresh_at(issued_s)", "issued_s + TTL_S - 60", "issued_s - 60",
                "token.refresh_at(0) == 840"),
        Feature("left(issued_s, now_s)", "max(0, issued_s + TTL_S - now_s)", "issued_s + TTL_S - now_s",
                "token.left(0, 1000) == 0"),
        Feature("may_refresh(issued_s, now_s)", "not expired(issued_s, now_s)", "expired(issued_s, now_s)",
                "token.may_refresh(0, 10)"),
    ),
)  # fmt: skip

PARSER = Task(
    "cli/parser.py",
    "tests/test_parser.py",
    (
        Feature("flag(given, name)", "given.get(name) is True", "name in given",
                "not parser.flag({'a': '1'}, 'a')"),
        Feature("number(given, name, default)", "int(given.get(name, default))", "given.get(name, default)",
                "parser.number({'a': '7'}, 'a', 0) == 7"),
        Feature("both(given, other)", "{**other, **given}", "{**given, **other}",
                "parser.both({'a': 1}, {'a': 2}) == {'a': 1}"),
        Feature("unknown(given, known)", "sorted(set(given) - set(known))", "sorted(set(known) - set(given))",
                "parser.unknown({'a': 1}, []) == ['a']"),
    ),
)  # fmt: skip


def code(agent: DemoAgent, task: Task) -> int:
    """One turn: add the next function, or remove it where it exists; commit every second turn."""
    feature = task.features[(agent.turn - 1) % len(task.features)]
    agent.print(f"turn {agent.turn}: {feature.name}")
    agent.think(1.5)
    module, tests = agent.read(task.module), agent.read(task.tests)
    name = feature.name.partition("(")[0]
    if feature.test in tests:
        agent.write(task.module, module.replace(feature.code(feature.right), ""))
        agent.write(task.tests, tests.replace(feature.test, ""))
        agent.test()
        message = f"Inline {name}"
    else:
        errs = agent.turn % 3 == 1
        agent.write(task.module, module + feature.code(feature.wrong if errs else feature.right))
        agent.write(task.tests, _add_test(tests, feature.test))
        if not agent.test().good:
            agent.think(3.0)
            agent.write(task.module, module + feature.code(feature.right))
            agent.test()
        message = f"Add {name}"
    if agent.turn % 2 == 0:
        agent.commit(message)
    agent.think(2.0)
    return 0


def _add_test(text: str, test: str) -> str:
    """Put *test* before the first test."""
    head, mark, tail = text.partition("\n    def test_")
    return head + test + mark + tail
