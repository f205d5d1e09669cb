"""The HTTP door, put together: every route of the house stands in one list here."""

from collections.abc import Mapping

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp

from service.ports import Clock, House
from web import (
    api,
    bounces,
    bulk,
    dashboard,
    faults,
    ingest,
    playbooks,
    probes,
    reference,
    slack,
    survey,
    tracking,
    unsubscribe,
)
from web.auth import AuthMode
from web.bulk import Turnstile
from web.rate import Rate
from web.security import Guard
from web.state import SlackDoor

ROUTERS = (
    probes.router,
    api.router,
    dashboard.router,
    playbooks.router,
    ingest.router,
    bulk.router,
    bounces.router,
    unsubscribe.router,
    survey.router,
    tracking.router,
    slack.router,
    reference.router,
)


def build(
    house: House,
    clock: Clock,
    *,
    auth: AuthMode = "keys",
    slack: SlackDoor | None = None,
    mounts: Mapping[str, ASGIApp] | None = None,
    rate: Rate | None = None,
    turnstile: Turnstile | None = None,
) -> FastAPI:
    """Build the web application.

    `auth` "off" lets anybody write who reaches it under a loopback host name. `slack` is the bot's
    door for Slack's requests. `mounts` are other applications by path, such as the inbox. `rate`
    is how fast one key may write, `turnstile` how many may send many events at once.
    """
    app = FastAPI(
        title="Bellwether",
        summary="Customer health scores that say why they moved.",
        docs_url=None,  # FastAPI's pages load from elsewhere; ours is web.reference
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    others = dict(mounts or {})
    app.state.house, app.state.clock, app.state.auth = house, clock, auth
    app.state.slack, app.state.mounted = slack, tuple(others)
    app.state.rate = rate or Rate()
    app.state.turnstile = turnstile or Turnstile()
    app.state.counting = Turnstile(tracking.AT_A_TIME)
    faults.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(packages=[("web", "static")]), name="static")
    for path, other in others.items():
        app.mount(path, other)
    app.add_middleware(Guard, loopback_only=auth == "off", own_policy=tuple(others))
    return app
