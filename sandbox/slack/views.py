"""The views.* methods: modals, which need a trigger, and Home tabs."""

from collections.abc import Mapping
from dataclasses import replace

from sandbox.blockkit import view_problems
from sandbox.errors import SlackRefusal
from sandbox.slack.arguments import Arguments
from sandbox.slack.content import identified
from sandbox.slack.shapes import view_json
from sandbox.state import Json, Trigger, View
from sandbox.workspace import Workspace

TRIGGER_LIVES = 3.0
MOST_DEEP = 3


def open_modal(workspace: Workspace, arguments: Arguments) -> Json:
    """views.open: a new stack of modals on the screen of whoever triggered it."""
    payload = _payload(arguments, "modal")
    trigger = _spent(workspace, arguments.needed("trigger_id"))
    close_all(workspace, trigger.user)
    return {"view": view_json(placed(workspace, trigger.user, payload, None))}


def push(workspace: Workspace, arguments: Arguments) -> Json:
    """views.push: one more modal on the stack, three deep at most."""
    payload = _payload(arguments, "modal")
    trigger = _spent(workspace, arguments.needed("trigger_id"))
    stack = workspace.modals_of(trigger.user)
    if len(stack) >= MOST_DEEP:
        raise SlackRefusal("push_limit_reached")
    return {
        "view": view_json(placed(workspace, trigger.user, payload, stack[-1] if stack else None))
    }


def update(workspace: Workspace, arguments: Arguments) -> Json:
    """views.update, by id or by external_id, guarded by the hash where one is given."""
    payload = _payload(arguments, "modal")
    view = _found(workspace, arguments)
    given = arguments.text("hash")
    if given is not None and given != view.hash:
        raise SlackRefusal("hash_conflict")
    return {"view": view_json(changed(workspace, view, payload))}


def publish(workspace: Workspace, arguments: Arguments) -> Json:
    """views.publish: somebody's Home tab."""
    payload = _payload(arguments, "home")
    user = arguments.needed("user_id")
    if user not in workspace.members:
        raise SlackRefusal("user_not_found")
    home = workspace.home_of(user)
    if home is None:
        return {"view": view_json(placed(workspace, user, payload, None))}
    return {"view": view_json(changed(workspace, home, payload))}


def placed(workspace: Workspace, user: str, payload: Json, below: View | None) -> View:
    """Put a view on somebody's screen, on top of `below` where that is given."""
    fresh = workspace.fresh_id("V")
    view = View(
        id=fresh,
        user=user,
        payload=payload,
        hash=workspace.fresh_ts(),
        root_id=below.root_id if below else fresh,
        previous_id=below.id if below else None,
    )
    workspace.record("view", view)
    return view


def changed(workspace: Workspace, view: View, payload: Json) -> View:
    """Replace what a view shows."""
    fresh = replace(view, payload=payload, hash=workspace.fresh_ts(), errors={})
    workspace.record("view", fresh)
    return fresh


def with_errors(workspace: Workspace, view: View, errors: Mapping[str, str]) -> View:
    """Show faults beside a modal's inputs, by block_id."""
    fresh = replace(view, errors=dict(errors), hash=workspace.fresh_ts())
    workspace.record("view", fresh)
    return fresh


def close_all(workspace: Workspace, user: str) -> None:
    """Take every modal off somebody's screen."""
    for view in workspace.modals_of(user):
        workspace.record("view_closed", view)


def sound_view(view: object, kind: str) -> Json:
    """Return a view with the ids Slack gives; refuse it where a limit is broken."""
    found = view_problems(view)
    if isinstance(view, dict) and view.get("type") != kind:
        found = [*found, f"/view/type: must be {kind} here"]
    if found or not isinstance(view, dict):
        raise SlackRefusal("invalid_arguments", found)
    return {**view, "blocks": list(identified(view["blocks"]))}


def _payload(arguments: Arguments, kind: str) -> Json:
    return sound_view(arguments.nested("view", "invalid_arguments"), kind)


def _spent(workspace: Workspace, trigger_id: str) -> Trigger:
    """Use up a trigger; it works once, and only for three seconds."""
    trigger = workspace.triggers.get(trigger_id)
    if trigger is None:
        raise SlackRefusal("invalid_trigger_id")
    if trigger.used:
        raise SlackRefusal("exchanged_trigger_id")
    if workspace.clock.now().timestamp() - trigger.at > TRIGGER_LIVES:
        raise SlackRefusal("expired_trigger_id")
    workspace.record("trigger", replace(trigger, used=True))
    return trigger


def _found(workspace: Workspace, arguments: Arguments) -> View:
    view_id, external = arguments.text("view_id"), arguments.text("external_id")
    for view in workspace.views.values():
        if view.id == view_id or (external and view.payload.get("external_id") == external):
            return view
    raise SlackRefusal("not_found")
