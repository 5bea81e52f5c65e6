import pytest
from django.test import Client

from homelab_site.stack.child import free_port
from tests.away import everything_at


def test_health_says_ok_as_text(client: Client) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, b"OK", "text/plain")


def test_the_process_lives_whatever_is_away(client: Client) -> None:
    with everything_at(free_port()):
        assert client.get("/health").status_code == 200
        answer = client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "live", "dependencies": {}})


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/metrics"])
def test_a_probe_only_reads_and_no_cache_keeps_it(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
    assert client.get(f"{path}/").status_code == 404
    assert "no-store" in client.options(path).headers["Cache-Control"]
