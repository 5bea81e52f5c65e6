"""Keeps a row of each record of the audit log, for the admin."""

import logging
from datetime import datetime

from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation
from django.db import Error

from k8s.audit import Record
from k8s.models import Operation

logger = logging.getLogger(__name__)


def store(record: Record) -> None:
    """Store the record as a row.

    Where the database is away, or nobody may wait for it (in an event loop), the log still has its line, and the call
    goes on.
    """
    try:
        Operation.objects.create(
            operation_id=record.operationId,
            time=datetime.fromisoformat(record.time),
            who=record.who,
            intent=record.intent or "",
            namespace=record.namespace or "",
            target=record.target or "",
            command=record.command or "",
            summary=record.summary or "",
            risk=record.risk or "",
            checks=list(record.checks),
            dry_run=record.dryRun,
            status=record.status,
            reasons=list(record.reasons),
            code=record.code,
            duration=record.duration,
            stdout_digest=record.stdoutDigest or "",
            stderr_digest=record.stderrDigest or "",
        )
    except (Error, ImproperlyConfigured, SynchronousOnlyOperation) as error:
        logger.warning(
            "operation %s is in the audit log, but not in the database: %s", record.operationId, type(error).__name__
        )
