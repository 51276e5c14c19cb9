"""Reads an untrusted YAML file with bounded cost.

Nested aliases in a file of 1 KB can expand to more values than fit into memory. So no values are constructed:
nodes are read, in which an alias is a reference to the same node, and only those needed are visited. Nodes,
levels and time are limited.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

MOST_NODES = 20_000
DEEPEST = 40
MOST_SECONDS = 2.0
_MOST_MERGED = 20
"""Mappings merged into one by ``<<``, directly or indirectly, at most."""


class _Bounded(Reader, Scanner, Parser, Composer, BaseResolver):  # type: ignore[misc] # PyYAML has no types
    """PyYAML's composer of nodes with limits. Every scalar is text."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self._nodes = 0
        self._depth = 0
        self._until = time.monotonic() + MOST_SECONDS

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._nodes += 1
        self._depth += 1
        if self._nodes > MOST_NODES:
            raise ValueError(f"more than {MOST_NODES} values")
        if self._depth > DEEPEST:
            raise ValueError(f"nested more than {DEEPEST} levels deep")
        if time.monotonic() > self._until:
            raise ValueError(f"takes more than {MOST_SECONDS:g} s to read")
        try:
            return Composer.compose_node(self, parent, index)
        finally:
            self._depth -= 1


def read_yaml(text: str) -> Node | None:
    """The root node of *text*; None where it is empty.

    Raises:
        ValueError: when it is not YAML, or exceeds a limit.
    """
    try:
        return _Bounded(text).get_single_node()
    except (yaml.YAMLError, RecursionError) as problem:
        raise ValueError("not YAML") from problem


def items(node: Node | None) -> Iterator[tuple[str, Node]]:
    """The text keys of a mapping with their nodes: its own, then merged ones."""
    left = [node]
    for _ in range(_MOST_MERGED):
        if not left:
            return
        mapping = left.pop(0)
        for key, value in mapping.value if isinstance(mapping, MappingNode) else ():
            if isinstance(key, ScalarNode) and key.value != "<<":
                yield key.value, value
            elif isinstance(key, ScalarNode):
                left += value.value[:_MOST_MERGED] if isinstance(value, SequenceNode) else [value]


def item(node: Node | None, name: str) -> Node | None:
    """The node of the key *name* of a mapping, or None."""
    return next((value for key, value in items(node) if key == name), None)


def entries(node: Node | None) -> list[Node]:
    """The nodes of a list; empty where it is not a list."""
    return node.value if isinstance(node, SequenceNode) else []


def text_of(node: Node | None) -> str | None:
    """The text of a scalar; None for another node."""
    return node.value if isinstance(node, ScalarNode) else None
