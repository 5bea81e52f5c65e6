"""What TimescaleDB wants of a restore: the very version of the dump, and to be told before and after.

https://docs.timescale.com/self-hosted/latest/backup-and-restore/logical-backup/
"""

from psycopg2.extensions import connection

from homelab_site.backups.database import connect, execute

TIMESCALE = "timescaledb"


def before_restore(url: str, version: str) -> None:
    """Make a new database ready to be restored into: from now on its hypertables are plain tables, and no job runs."""
    with connect(url) as database:
        execute(database, "SET client_min_messages TO warning")
        execute(database, "CREATE EXTENSION timescaledb VERSION %s", version)
    with connect(url) as database:
        execute(database, "SELECT timescaledb_pre_restore()")


def show_chunks(database: connection) -> None:
    """Let this session see hypertables with their chunks; the jobs that remove old rows go on waiting."""
    execute(database, "SET timescaledb.restoring TO off")


def after_restore(url: str) -> None:
    """Let hypertables be hypertables, and jobs run."""
    with connect(url) as database:
        execute(database, "SELECT timescaledb_post_restore()")
