"""How fast a web server answers one request again and again."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import median

CONNECTIONS = 4
SECONDS = 1.0
ALONE = 40


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server listens, and the headers of each request."""

    port: int
    headers: Mapping[str, str]

    def rate(self, path: str) -> float:
        """Return requests a second over some connections at once."""
        deadline = time.monotonic() + SECONDS
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            counts = pool.map(lambda _: self._ask_until(path, deadline), range(CONNECTIONS))
            return sum(counts) / SECONDS

    def median_ms(self, path: str) -> float:
        """Return the median milliseconds of requests one after another."""
        with closing(self._connect()) as connection:
            took = []
            for _ in range(ALONE):
                began = time.perf_counter()
                self._ask(connection, path)
                took.append((time.perf_counter() - began) * 1000)
            return median(took)

    def _ask_until(self, path: str, deadline: float) -> int:
        count = 0
        with closing(self._connect()) as connection:
            while time.monotonic() < deadline:
                self._ask(connection, path)
                count += 1
        return count

    def _connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=30)

    def _ask(self, connection: HTTPConnection, path: str) -> None:
        connection.request("GET", path, headers=dict(self.headers))
        response = connection.getresponse()
        content = response.read()
        assert response.status == 200, (path, response.status, content)
