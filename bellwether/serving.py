"""One running service: web server, scheduler, delivery loop, and a quiet end on SIGTERM."""

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from types import FrameType
from typing import Any, Final
from urllib.parse import urlsplit

import uvicorn
from apscheduler.schedulers.background import BackgroundScheduler

from bellwether import doors as outward
from bellwether import returned, schedule
from bellwether.clock import SystemClock
from bellwether.crew import crew_of
from bellwether.doors import Doors
from bellwether.errors import AddressTaken, BrokenOff
from bellwether.library import Library
from bellwether.settings import Settings, is_loopback
from bot import http as slack_http
from bot import socket as slack_socket
from bot.app import build as build_bot
from sandbox.server import Sandbox
from service.deliver import deliver, hang_up
from service.pace import Pace
from service.ports import Clock, House
from web.app import build as build_web
from web.security import Doorkeeper

logger = logging.getLogger(__name__)

TICK_SECONDS: Final = 15
# Between looks into the outbox; the kill switch is read before every message.
PAUSE_SECONDS: Final = 2.0
# After a failure of the loop itself (the database is away), not of one message.
TROUBLE_SECONDS: Final = 10.0
# So many messages are sent between looks at whether we are to stop.
HANDFUL: Final = 20

INBOX_CLOSED: Final = (
    "The sandbox's inbox lets anybody act as anybody, so it is closed where others can reach it: "
    "listen on 127.0.0.1, or set BELLWETHER_INBOX=open where only you reach this port."
)


class _Server(uvicorn.Server):
    """A server whose signals are ours: uvicorn's own ends the process before we could tidy up."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT end the serving, and nothing else."""

        def leave(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)

        before = {each: signal.signal(each, leave) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def serve(settings: Settings, house: House, clock: Clock, *, announce: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; `announce` is called when the address is ours.

    Raises AddressTaken when it is not free.
    """
    listening = _listen(settings.host, settings.port)
    with (
        listening,
        closing(Library(settings, house)) as library,
        outward.opened(settings, house, clock) as doors,
    ):
        house = library.worded(house)
        server = _Server(_config(web_app(settings, house, clock, doors), settings))
        scheduler = _scheduler(settings, house, clock, doors, library)
        with _background(house, clock, doors, server, scheduler):
            logger.info("serving on http://%s:%s", settings.host, settings.port)
            announce()
            server.run([listening])
    logger.info("stopped")


def web_app(settings: Settings, house: House, clock: Clock, doors: Doors) -> Any:  # noqa: ANN401  # FastAPI is web's
    """Build the whole ASGI app: API, dashboard, Slack's door, and the sandbox's pages."""
    door = None
    if not doors.slack.app_token:
        bot = build_bot(house, clock, doors.slack)
        door = slack_http.door(bot, house, clock, doors.slack)
    mounts = {"/inbox": _inbox(settings, doors.sandbox)} if doors.sandbox else {}
    return build_web(house, clock, auth=settings.auth, slack=door, mounts=mounts)


def _inbox(settings: Settings, sandbox: Sandbox) -> Doorkeeper:
    """Guard the sandbox's pages: whoever sees them acts as any member, an admin among them."""
    own = urlsplit(settings.url).hostname or ""
    # A public address means a proxy in front, though we listen on loopback ourselves.
    local = is_loopback(settings.host) and is_loopback(own)
    shown = local or settings.inbox == "open"
    return Doorkeeper(sandbox.pages, names=[own], closed=None if shown else INBOX_CLOSED)


@contextmanager
def _background(
    house: House,
    clock: Clock,
    doors: Doors,
    server: uvicorn.Server,
    scheduler: BackgroundScheduler,
) -> Iterator[None]:
    """Run delivery, ticks and Socket Mode beside the server; whichever breaks ends the serving."""
    stop = threading.Event()
    with ThreadPoolExecutor(thread_name_prefix="bellwether") as pool:
        working = [pool.submit(_deliver, house, doors, clock, stop)]
        if doors.slack.app_token:
            bot = build_bot(house, clock, doors.slack)
            working.append(pool.submit(slack_socket.run, bot, doors.slack, stop))
        for work in working:
            work.add_done_callback(lambda _: server.handle_exit(signal.SIGTERM, None))
        scheduler.start()
        try:
            yield
        finally:
            stop.set()
            scheduler.shutdown(wait=True)
    for work in working:
        if fault := work.exception():
            raise BrokenOff(type(fault).__name__) from fault


def _scheduler(
    settings: Settings, house: House, clock: Clock, doors: Doors, library: Library
) -> BackgroundScheduler:
    """Build the ticker. It remembers nothing: what is due stands in the database.

    APScheduler logs what a tick raises (the database is away, say) and goes on to the next one.
    """
    timetable = schedule.jobs(settings)
    crews = partial(crew_of, workers=settings.workers)

    def tick() -> None:
        doors.welcome(house)
        schedule.run_due(library.house(house, clock), timetable, clock, crews)
        # Last, for it reads what strangers wrote: whatever they think of, the day's jobs are done.
        if settings.bounces is not None:
            returned.look(house, settings.bounces, now=clock.now())

    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(
        tick,
        "interval",
        seconds=TICK_SECONDS,
        next_run_time=SystemClock().now(),  # at once, and by the time APScheduler lives in
        misfire_grace_time=None,
        coalesce=True,
        max_instances=1,
    )
    return scheduler


def _deliver(house: House, doors: Doors, clock: Clock, stop: threading.Event) -> None:
    """Send what is in the outbox until we are to stop."""
    pace = Pace()
    while not stop.is_set():
        try:
            report = deliver(house, doors.channels, clock, limit=HANDFUL, pace=pace)
        except Exception:
            # The delivery loop: it must outlive everything, most of all an absent database.
            logger.exception("the delivery loop stumbled; it goes on in a moment")
            stop.wait(TROUBLE_SECONDS)
            continue
        if report.suspended:
            stop.wait(TROUBLE_SECONDS)
        elif not (report.sent or report.cancelled):
            stop.wait(PAUSE_SECONDS)
    hang_up(doors.channels)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise AddressTaken(host, port) from error
    return listening


def _config(app: Any, settings: Settings) -> uvicorn.Config:  # noqa: ANN401  # as web_app
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
