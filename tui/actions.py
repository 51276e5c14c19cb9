"""One record per key: bindings, footer, help, palette, key reference and read-only mode are derived."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from textual.binding import Binding
from textual.dom import DOMNode

if TYPE_CHECKING:
    from textual.screen import Screen

    Base = DOMNode
else:
    Base = object  # Textual inherits styles by the first base alone, which is another

Owner_contra = TypeVar("Owner_contra", contravariant=True)


def _always(_owner: object) -> bool:
    return True


def _never(_owner: object) -> bool:
    return False


def _no_reason(_owner: object) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Action(Generic[Owner_contra]):
    """What one key does. Functions get the widget or screen that has the action.

    Attributes:
        id: ``scope.verb``: public, people remap keys by it.
        key: Textual's names of its keys, separated by commas; empty: it is in the palette only.
        label: For the footer.
        run: What it does: a function, or an action of Textual such as ``app.quit``.
        changes_world: Whether it changes anything beyond the screen: with ``--read-only`` it has no key.
        visible: Whether its key is bound now.
        why_not: Why it cannot be done now; None where it can. It is greyed then, and pressing it says why.
        footer: Whether the footer shows it now.
        title: For help and palette, where `label` is too short.
        priority: Whether it comes before the keys of what has the focus.
    """

    id: str
    key: str
    label: str
    run: str | Callable[[Owner_contra], object]
    _: KW_ONLY
    changes_world: bool = False
    visible: Callable[[Owner_contra], bool] = _always
    why_not: Callable[[Owner_contra], str | None] = _no_reason
    footer: Callable[[Owner_contra], bool] = _always
    title: str = ""
    priority: bool = False

    @property
    def name(self) -> str:
        """For help and palette."""
        return self.title or self.label

    @property
    def verb(self) -> str:
        """The second part of the id."""
        return self.id.partition(".")[2]

    @property
    def binding(self) -> Binding:
        """For Textual."""
        show = self.footer is not _never
        return Binding(self.key, call(self.id), self.label, show=show, id=self.id, priority=self.priority)


ALWAYS, HIDDEN = _always, _never
"""For `Action.footer`: the footer always shows it, or never."""


def call(action_id: str) -> str:
    """Textual's name of the action *action_id*."""
    return f"do('{action_id}')"


class HasActions(Base):
    """A screen, widget or app with keys; comes before Textual's class among the bases."""

    ACTIONS: ClassVar[tuple[Action[Any], ...]] = ()
    WHERE: ClassVar[str] = ""
    """Where its keys work, for the key reference."""
    actions: ClassVar[dict[str, Action[Any]]] = {}
    """Its own and inherited ones, by id."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Derive the bindings."""
        own = cls.__dict__.get("ACTIONS", ())
        if own:
            cls.BINDINGS = [action.binding for action in own if action.key]
        bases = (base.__dict__.get("ACTIONS", ()) for base in reversed(cls.__mro__))
        cls.actions = {action.id: action for actions in bases for action in actions}
        super().__init_subclass__(**options)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether the key is bound now."""
        found = self.actions.get(str(parameters[0])) if action == "do" and parameters else None
        if found is None:
            return super().check_action(action, parameters)
        return found.visible(self) and not (found.changes_world and getattr(self.app, "read_only", False))

    async def action_do(self, action_id: str) -> None:
        """Do it, or say why it cannot be done now."""
        found = self.actions[action_id]
        if why := found.why_not(self):
            cast("Any", self.app).say(why, good=False)
        elif isinstance(found.run, str):
            await self.app.run_action(found.run, self)
        elif isawaitable(result := found.run(self)):
            await result


def keys_of(node: HasActions, action: Action[Any]) -> str:
    """The keys of *action*, as `Action.key`; those of the settings, where they name it."""
    return node.app._keymap.get(action.id) or action.key  # noqa: SLF001 - Textual has a setter only


def actions_on(screen: Screen[Any]) -> Iterator[tuple[HasActions, Action[Any]]]:
    """What can be pressed on *screen* now, and who has it: first that of what has the focus."""
    seen: set[str] = set()
    for active in screen.active_bindings.values():
        action_id = active.binding.id or ""
        if isinstance(active.node, HasActions) and action_id in active.node.actions and action_id not in seen:
            seen.add(action_id)
            yield active.node, active.node.actions[action_id]


def keyless(screen: Screen[Any]) -> Iterator[tuple[HasActions, Action[Any]]]:
    """What *screen* and the app can do that has no key."""
    for node in (screen, screen.app):
        for action in node.actions.values() if isinstance(node, HasActions) else ():
            if not action.key and node.check_action("do", (action.id,)):
                yield cast("HasActions", node), action


async def press(screen: Screen[Any], action_id: str) -> None:
    """Do *action_id* as if its key was pressed: by what has the focus, else the screen, else the app."""
    focused = screen.focused
    for node in (*(focused.ancestors_with_self if focused else (screen,)), screen.app):
        if isinstance(node, HasActions) and action_id in node.actions:
            await screen.app.run_action(call(action_id), node)
            return
