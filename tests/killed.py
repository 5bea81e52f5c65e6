"""Bringing back what a test has killed."""

from functools import partial

from homelab_site.stack.child import StackError
from homelab_site.stack.services import Postgres
from tests.waiting import eventually

START_SECONDS = 60.0


def start_again(server: Postgres) -> None:
    """Start PostgreSQL, unless it runs, and return when it answers.

    It refuses as long as something that its killed self has left behind uses the same memory, such as a process in
    the middle of a query. In a house the supervisor tries again.
    """
    eventually(partial(_answers, server), START_SECONDS)


def _answers(server: Postgres) -> bool:
    try:
        if server.child and server.child.is_running:
            server.wait_until_ready()
        else:
            server.start()
    except StackError:
        return False
    return True
