"""Whatever is logged, by us or by a library, is one JSON line."""

import json
import subprocess
import sys
from typing import Any, Final

PROGRAM: Final = """
import logging
import structlog
from fundmix_kit.logging import configure_logging
from fundmix_kit.settings import LogSettings

configure_logging(LogSettings(level="info"), service="contracts-svc")
log = structlog.get_logger()
structlog.contextvars.bind_contextvars(request_id="r-1")
log.debug("too_fine")
log.info("contract_signed", title="社工服务", number=3)
logging.getLogger("uvicorn.error").info("Started server process [%d]", 7)
logging.getLogger("uvicorn.access").info("GET /v1/donors?phone=13800000000")
logging.getLogger("aiokafka").warning("no broker")
logging.getLogger("aiokafka").debug("too fine")
token = "eyJhbGciOi"
try:
    raise ValueError(f"bad\\nline")
except ValueError:
    log.exception("request_failed")
"""


def lines(program: str) -> list[dict[str, Any]]:
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert finished.stderr == ""
    return [json.loads(line) for line in finished.stdout.splitlines()]


def test_every_line_is_json_with_time_level_service_and_what_is_bound() -> None:
    written = lines(PROGRAM)

    assert [(line["event"], line["level"]) for line in written] == [
        ("contract_signed", "info"),
        ("Started server process [7]", "info"),
        ("no broker", "warning"),
        ("request_failed", "error"),
    ]
    for line in written:
        assert line["service"] == "contracts-svc"
        assert line["request_id"] == "r-1"
        assert line["timestamp"].endswith("Z")
    assert written[0]["title"] == "社工服务"
    assert written[1]["logger"] == "uvicorn.error"


def test_a_trace_is_part_of_its_line_and_holds_no_local_variables() -> None:
    failure = lines(PROGRAM)[-1]

    (trace,) = failure["exception"]
    assert (trace["exc_type"], trace["exc_value"]) == ("ValueError", "bad\nline")
    assert "eyJhbGciOi" not in json.dumps(failure)
