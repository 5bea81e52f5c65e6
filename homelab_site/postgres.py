"""How a connection to PostgreSQL notices that the other end is gone."""

from collections.abc import Mapping
from typing import Any, Final

IMPATIENCE: Final[Mapping[str, Any]] = {
    "connect_timeout": 5,
    # A cable that is pulled says nothing: what waits for an answer would wait for two hours, what sends for 15 minutes.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""Parameters of libpq: 5 s to connect, and 25 s without a sign of life
(https://www.postgresql.org/docs/current/libpq-connect.html)."""
