"""Numbers about the running process, in the text format that monitors read."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

EXTENSION = "meetingcheck.metrics"


class Metrics:
    """The measurements of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "meetingcheck_requests_total", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "meetingcheck_request_seconds", "Time to answer, in seconds", ["route"], registry=self.registry
        )
        self._jobs = Gauge("meetingcheck_jobs", "Jobs by lane and state", ["lane", "state"], registry=self.registry)

    def request_done(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def set_jobs(self, counts: dict[tuple[str, str], int]) -> None:
        self._jobs.clear()
        for (lane, state), count in counts.items():
            self._jobs.labels(lane, state).set(count)

    def as_text(self) -> str:
        return generate_latest(self.registry).decode()
