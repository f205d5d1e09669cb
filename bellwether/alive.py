"""Is the server of this container alive? `python -m bellwether.alive` exits with 0 when it is."""

import http.client
import os
import sys

_DEADLINE = 4.0


def alive(port: int) -> bool:
    """Ask /healthz on loopback."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_DEADLINE)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not alive(int(os.environ.get("PORT") or 8000)))
