"""One JSON line per thing that happened, on standard output, also for what libraries log."""

import logging
import logging.config
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from fundmix_kit.settings import LogSettings

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def configure_logging(settings: LogSettings, *, service: str) -> None:
    """Call once, at the start of a process."""

    def add_service(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        add_service,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Without local variables: they hold tokens and what donors have sent.
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        ),
    ]
    render = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    level = LEVELS[settings.level]
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": [structlog.stdlib.add_logger_name, *shared],
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        render,
                    ],
                }
            },
            "handlers": {
                "stdout": {
                    "class": "logging.StreamHandler",
                    "stream": "ext://sys.stdout",
                    "formatter": "json",
                }
            },
            "root": {"handlers": ["stdout"], "level": max(level, logging.INFO)},
            # Our own access line is richer, and knows no query string.
            "loggers": {"uvicorn.access": {"level": "ERROR"}, "httpx2": {"level": "WARNING"}},
        }
    )
