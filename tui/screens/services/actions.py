"""Starts, stops and restarts a service after a confirmation; where not possible, the reason is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdash.core.services.commands import ControlService, ServiceAction
from agentdash.core.services.model import Service
from agentdash.core.text import printable
from agentdash.core.units import plural
from tui.screens.dialogs.confirm import Confirm
from tui.widgets.cells import shorten
from tui.widgets.document import Para, field

if TYPE_CHECKING:
    from tui.dash import Dash


MOST_SHOWN = 4096
"""Characters of a command that can be confirmed."""


def why_not(service: Service | None, verb: str) -> str | None:
    """Why *verb* is not possible now; None where it is."""
    if service is None:
        return "no service is selected"
    if service.start_exact is None:
        return f"{service.name} has no command: give it one under [[services]] in the settings"
    if verb != ServiceAction.STOP and len(service.start_exact + (service.start_script or "")) > MOST_SHOWN:
        return f"{service.name} cannot be started from here: its command is too long to be shown"
    if verb == ServiceAction.START and service.pid is not None:
        return f"{service.name} runs already, as process {service.pid}"
    if verb == ServiceAction.STOP and service.pid is None:
        return f"{service.name} is not running, or its process is not visible"
    return None


def control(dash: Dash, service: Service | None, verb: str) -> None:
    """Confirm, then do it."""
    reason = why_not(service, verb)
    if reason is not None or service is None:
        dash.say(reason or "no service is selected", good=False)
        return
    action = ServiceAction(verb)
    command = ControlService(
        service.name,
        action,
        service.pid,
        service.create_time,
        start_command=service.start_exact,
        start_folder=service.start_folder,
        start_script=service.start_script,
    )

    async def send() -> None:
        outcome = await dash.engine.dispatch(command)
        dash.report(outcome)

    def answered(yes: bool | None) -> None:
        if yes:
            dash.run_worker(send(), name=f"{verb} service", group="commands")

    title = f"{verb.capitalize()} {_name(service)}?"
    dash.push_screen(Confirm(title, plan(service, action), yes=verb.capitalize()), answered)


def _name(service: Service) -> str:
    return shorten(printable(service.name), 48)


def plan(service: Service, action: ServiceAction) -> list[Para]:
    """What will happen: the process that is ended, and the command that is started, complete and unmasked.

    Both may come from a repository, so nothing is hidden; long text is scrolled.
    """
    page = [field("service", _name(service), "bold", 8)]
    if service.pid is not None and action is not ServiceAction.START:
        page += _ended(service)
    if action is not ServiceAction.STOP:
        page.append(field("command", printable(service.start_exact or ""), width=8))
        if service.start_script:
            page.append(field("runs", printable(service.start_script), width=8))
        page.append(field("in", printable(service.start_folder or "the folder of agentdash"), width=8))
    if service.origin:
        page.append(field("from", printable(f"{service.origin} of {service.start_folder}"), "warn", width=8))
    elif service.described_in:
        page.append(field("from", printable(service.described_in), "warn", width=8))
    page.append(Para())
    if action is not ServiceAction.START and service.pid is not None:
        page.append(Para.of("Sends SIGTERM, and SIGKILL after 10 s to what is left."))
    if action is not ServiceAction.STOP:
        page.append(Para.of("It runs in its own session, and keeps running after agentdash exits."))
    return page


def _ended(service: Service) -> list[Para]:
    """The process that is ended: it may be any of this user's."""
    command = printable(service.command or "command line not readable")
    count = service.children
    others = "with its descendants" if count is None else f"with {plural(count, 'descendant')}"
    page = [field("ends", f"process {service.pid}, {others}", width=8), field("", command, width=8)]
    return [*page, field("", f"in {printable(service.cwd)}", "dim", 8)] if service.cwd else page
