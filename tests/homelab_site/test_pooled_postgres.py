"""Connections that outlive their request, from a real PostgreSQL."""

import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Thread

import pytest
from django.conf import settings
from django.db import connection, connections

from homelab_site.pooled_postgres import base, pool
from homelab_site.pooled_postgres.base import DatabaseWrapper
from homelab_site.stack import parts
from homelab_site.stack.child import Child, free_port

pytestmark = pytest.mark.django_db(transaction=True)

Connect = Callable[[], DatabaseWrapper]


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Makes what each request has: a connection of its own to Django's database, with a pool that is open."""
    opened = pool.Pool()
    opened.open()
    monkeypatch.setattr(base, "POOL", opened)
    with ExitStack() as made:

        def one() -> DatabaseWrapper:
            wrapper = connections.create_connection("default")
            assert isinstance(wrapper, DatabaseWrapper)
            made.callback(wrapper.close)
            return wrapper

        yield one
        monkeypatch.setattr(opened, "_most", 0)
        for place in list(opened._idle):
            while kept := opened.take(place):
                kept.close()


def backend(wrapper: DatabaseWrapper) -> int:
    """Return the number of the server's process."""
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        ((pid,),) = cursor.fetchall()
    return int(pid)


def test_the_next_request_has_the_connection_of_the_last(connect: Connect) -> None:
    first, second = connect(), connect()
    pid = backend(first)
    first.close()
    seen: list[int] = []

    def ask() -> None:
        seen.append(backend(second))
        second.close()

    second.inc_thread_sharing()
    thread = Thread(target=ask)
    thread.start()
    thread.join()
    assert seen == [pid]


def test_requests_at_the_same_time_have_one_each(connect: Connect) -> None:
    assert backend(connect()) != backend(connect())


def test_one_that_the_server_has_ended_is_made_anew(connect: Connect) -> None:
    first, second, other = connect(), connect(), connect()
    pid = backend(first)
    with other.cursor() as cursor:
        first.close()
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert backend(second) != pid


def test_an_old_one_is_made_anew(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = connect(), connect()
    pid = backend(first)
    first.close()
    monkeypatch.setattr(pool, "LONGEST_LIFE_SECONDS", 0.0)
    assert backend(second) != pid


def test_what_a_broken_transaction_left_is_not_kept(connect: Connect) -> None:
    first, second = connect(), connect()
    pid = backend(first)
    first.set_autocommit(False)
    backend(first)
    first.close()
    assert backend(second) != pid


def test_what_is_closed_within_a_transaction_is_not_kept(connect: Connect) -> None:
    """Also where nothing was asked in it, so that the server knows of none."""
    first, second = connect(), connect()
    pid = backend(first)
    first.set_autocommit(False)
    first.in_atomic_block = True
    first.close()
    first.in_atomic_block = False
    assert backend(second) != pid


def test_no_more_are_kept_than_a_few(connect: Connect) -> None:
    used = [connect() for _ in range(pool.MOST_IDLE + 2)]
    before = {backend(one) for one in used}
    for one in used:
        one.close()
    after = {backend(connect()) for _ in range(pool.MOST_IDLE + 2)}
    assert len(before & after) == pool.MOST_IDLE


def test_a_process_that_serves_no_requests_keeps_none(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "POOL", pool.Pool())
    first, second = connect(), connect()
    pid = backend(first)
    first.close()
    assert backend(second) != pid


def readers_of_sessions() -> set[int]:
    """Return the server's processes that wait, and whose last question was about a session."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE state = 'idle' AND query LIKE '%django_session%'"
            " AND pid <> pg_backend_pid()"
        )
        return {pid for (pid,) in cursor.fetchall()}


def test_the_requests_to_a_web_process_share_a_connection(tmp_path: Path) -> None:
    others, port = readers_of_sessions(), free_port()
    web = Child("web", parts.web(port).argv, tmp_path / "web.log")
    web.start()
    try:
        web.wait_for_port(port, 90)
        seen = []
        for _ in range(3):
            cookie = f"{settings.SESSION_COOKIE_NAME}=a-session-that-nobody-has-or-had"
            asked = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Cookie": cookie})
            urllib.request.urlopen(asked, timeout=30).close()
            seen.append(readers_of_sessions() - others)
    finally:
        web.kill()
    assert len(seen[0]) == 1
    assert seen == [seen[0]] * 3
