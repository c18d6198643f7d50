"""A container's health check: python probe.py PATH. The image has no curl.

Only the standard library, and little of it: it runs every few seconds beside the service.
"""

import os
import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Final

LOOPBACK: Final = "127.0.0.1"
ANSWER_TIME_S_MAX: Final = 2.5
SHOWN_BYTES_MAX: Final = 2_000


def main() -> None:
    (path,) = sys.argv[1:]
    port = int(os.environ["FUNDMIX_HTTP__PORT"])  # noqa: TID251  # the settings need pydantic
    connection = HTTPConnection(LOOPBACK, port, timeout=ANSWER_TIME_S_MAX)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read(SHOWN_BYTES_MAX).decode(errors="replace")
    except (OSError, HTTPException) as error:
        sys.exit(f"{path}: {error}")
    # The engine keeps what a check says: which part of the service is not ready.
    sys.stdout.write(f"{path}: {response.status} {body}\n")
    if response.status != HTTPStatus.OK:
        sys.exit(1)


if __name__ == "__main__":
    main()
