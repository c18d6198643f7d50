"""What Prometheus reads: counts and durations by route template, and how events are moving."""

from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import Response

DURATION_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)

# Requests may carry any method; labels may not.
METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class Metrics:
    """The figures of one process; each part of it gets this object and adds its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._requests = Counter(
            "fundmix_http_requests",
            "Answered HTTP requests.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._durations = Histogram(
            "fundmix_http_request_duration_seconds",
            "Time from the first byte of a request to the last of its answer.",
            ("method", "route"),
            buckets=DURATION_BUCKETS_S,
            registry=self.registry,
        )

    def request_answered(self, *, method: str, route: str, status: int, duration_s: float) -> None:
        known_method = method if method in METHODS else "other"
        self._requests.labels(known_method, route, str(status)).inc()
        self._durations.labels(known_method, route).observe(duration_s)

    def gauge(self, name: str, description: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(f"fundmix_{name}", description, labels, registry=self.registry)

    def counter(self, name: str, description: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(f"fundmix_{name}", description, labels, registry=self.registry)

    async def answer(self, _: Request) -> Response:
        return Response(
            generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
        )


class EventMetrics:
    """How far the relay has sent and the consumer has applied."""

    def __init__(self, metrics: Metrics) -> None:
        place = ("topic", "partition")
        self.sent_number = metrics.gauge("relay_sent_number", "Last number sent.", place)
        self.next_number = metrics.gauge("consumer_next_number", "Next number expected.", place)
