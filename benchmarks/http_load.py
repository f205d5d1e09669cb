"""Events over HTTP as many senders send them: `python -m benchmarks.http_load URL [--kill]`.

Some connections post batches of 500 to a real server in a process of its own: as fast as they are
answered, or so many events a second with `--rate`; then a batch's time counts from when it was due,
so that a stall of the server is not passed over. With `--kill` the server is killed by SIGKILL in
the middle and started again; senders send what was not answered again, as real ones do. Afterwards
every event that was acknowledged must stand in the table, and the roll-ups must be what it adds up
to.
"""

import argparse
import http.client
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select

from service import keys
from storage.customers import CustomerFields, upsert_customers
from storage.database import Database
from storage.tables import activity_day, customer, event

PROGRAM: Final = Path(sys.executable).with_name("bellwether")
BATCH: Final = 500
CUSTOMERS: Final = 2_000
CONNECTIONS: Final = 2
PATIENCE: Final = 60.0
FIRST_TICK: Final = 1.0


@dataclass(slots=True)
class Server:
    """A server that runs: its process, its port, and how long it took to be ready."""

    process: "subprocess.Popen[bytes]"
    port: int
    seconds: float


@contextmanager
def serving(url: str, port: int | None = None) -> Iterator[Server]:
    """Run the server on this database until the block ends; yields it once it is ready."""
    port = port or _free_port()
    with tempfile.TemporaryDirectory(prefix="bellwether-home-") as home:
        known = {name: said for name, said in os.environ.items() if "BELLWETHER" not in name}
        given = {"BELLWETHER_HOME": home, "DATABASE_URL": url, "PORT": str(port)}
        began = time.perf_counter()
        process = subprocess.Popen([PROGRAM, "serve"], env=known | given, stderr=subprocess.PIPE)
        try:
            _await(process, port)
            yield Server(process, port, time.perf_counter() - began)
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port: int = probe.getsockname()[1]
        return port


def _await(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as probe:
                probe.request("GET", "/readyz")
                if probe.getresponse().status == http.HTTPStatus.OK:
                    return
        except OSError:
            time.sleep(0.01)
    process.kill()
    raise SystemExit(f"the server did not come up: {process.communicate()[1]!r}")


@dataclass(slots=True)
class Tally:
    """What the senders saw. Only one thread at a time writes to any list."""

    acknowledged: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    again: int = 0
    unanswered: int = 0


class Sender:
    """One connection that posts batches until it is told to stop."""

    def __init__(self, port: int, key: str, name: str, stop: threading.Event, pause: float) -> None:
        self.tally = Tally()
        self.port, self.stop = port, stop
        self._name, self._pause = name, pause
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._numbers = itertools.count()
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Post batch after batch; what was not answered is sent again as it was."""
        due = time.perf_counter()
        while not self.stop.is_set():
            ids, body = self._batch()
            due = due + self._pause if self._pause else time.perf_counter()
            self.stop.wait(max(0.0, due - time.perf_counter()))
            while not self.stop.is_set():
                if self._acknowledged(ids, body):
                    self.tally.seconds.append(time.perf_counter() - due)
                    break
                time.sleep(0.02)

        self._hang_up()

    def _hang_up(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def _batch(self) -> tuple[list[str], bytes]:
        now = datetime.now(UTC)
        events = [
            {
                "customer": f"load-{number * 31 % CUSTOMERS}",
                "type": ("login", "api_call")[number % 2],
                "id": f"{self._name}-{number}",
                "occurredAt": (now - timedelta(seconds=number % 3600)).isoformat(),
                "value": 1 + number % 5,
            }
            for number in itertools.islice(self._numbers, BATCH)
        ]
        return [str(one["id"]) for one in events], json.dumps(events).encode()

    def _acknowledged(self, ids: list[str], body: bytes) -> bool:
        """Send a batch once, and tell whether it was acknowledged."""
        try:
            connection = self._connection or http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=PATIENCE
            )
            self._connection = connection
            connection.request("POST", "/api/events", body, self._headers)
            answer = connection.getresponse()
            told: dict[str, Any] = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            self.tally.unanswered += 1
            self._hang_up()
            return False
        if answer.status != http.HTTPStatus.OK:
            self.tally.again += 1
            return False
        kept = told["accepted"] + told["duplicate"]
        if kept != len(ids):
            raise SystemExit(f"of {len(ids)} good events only {kept} were kept")
        self.tally.acknowledged.extend(ids)
        return True


def load(
    url: str,
    seconds: float,
    *,
    connections: int = CONNECTIONS,
    rate: float = 0.0,
    kills: int = 0,
) -> dict[str, Any]:
    """Load the server for so long; answer what was seen, and what the database then held."""
    mark = f"{time.time_ns():x}"
    with closing(Database.open(url)) as database:
        key = _prepared(database, mark)
        stop, port = threading.Event(), _free_port()
        pause = connections * BATCH / rate if rate else 0.0
        senders = [
            Sender(port, key, f"{mark}-{number}", stop, pause) for number in range(connections)
        ]
        took = _loaded(url, senders, seconds, kills)
        tallies = [sender.tally for sender in senders]
        acknowledged = [one for tally in tallies for one in tally.acknowledged]
        times = sorted(one for tally in tallies for one in tally.seconds)
        return {
            "seconds": took,
            "events": len(acknowledged),
            "rate": len(acknowledged) / took,
            "p50": times[len(times) // 2],
            "p99": times[len(times) * 99 // 100],
            "refused": sum(tally.again for tally in tallies),
            "unanswered": sum(tally.unanswered for tally in tallies),
            **_held(database, mark, set(acknowledged)),
        }


def _prepared(database: Database, mark: str) -> str:
    """Make the customers and a key of this run."""
    now = datetime.now(UTC)
    database.migrate()
    fields = [CustomerFields(key=f"load-{number}") for number in range(CUSTOMERS)]
    with database.transaction() as tx:
        upsert_customers(tx, fields, now)
    return keys.create(database, f"load {mark}", now=now)


def _loaded(url: str, senders: Sequence[Sender], seconds: float, kills: int) -> float:
    """Let them send for so long, killing the server so often; answer how long it really was."""
    threads = [threading.Thread(target=sender.run) for sender in senders]
    began = 0.0
    for life in range(kills + 1):
        with serving(url, senders[0].port) as server:
            if life == 0:
                time.sleep(FIRST_TICK)  # The first tick comes at once and is not what is measured.
                began = time.perf_counter()
                for thread in threads:
                    thread.start()
            time.sleep(seconds / (kills + 1))
            if life < kills:
                server.process.kill()
                continue
            took = time.perf_counter() - began
            senders[0].stop.set()
            for thread in threads:
                thread.join(PATIENCE)
    return took


def _held(database: Database, mark: str, acknowledged: set[str]) -> dict[str, int]:
    """Compare what was acknowledged with what is there, and the roll-ups with both."""
    own = customer.c.key.startswith("load-")
    with database.reading() as tx:
        found = select(event.c.event_id).where(event.c.event_id.startswith(f"{mark}-"))
        kept = set(tx.execute(found).scalars())
        of_load = select(customer.c.id).where(own)
        events = select(func.count()).where(event.c.customer_id.in_(of_load))
        rolled = select(func.sum(activity_day.c.count)).where(
            activity_day.c.customer_id.in_(of_load)
        )
        counted, summed = tx.execute(events).scalar(), tx.execute(rolled).scalar()
    return {"lost": len(acknowledged - kept), "astray": int(counted or 0) - int(summed or 0)}


def main() -> None:
    """Load, compare, print; exits with 1 when anything acknowledged is lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--rate", type=float, default=0.0, help="events a second; all there is")
    parser.add_argument("--kill", type=int, default=0, metavar="TIMES")
    given = parser.parse_args()
    seen = load(
        given.url,
        given.seconds,
        connections=given.connections,
        rate=given.rate,
        kills=given.kill,
    )
    print(json.dumps(seen))
    if seen["lost"] or seen["astray"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
