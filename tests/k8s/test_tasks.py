from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from k8s.models import Operation
from k8s.tasks import KEPT, expire_operations


@pytest.mark.django_db
def test_rows_of_operations_are_kept_for_a_year() -> None:
    now = timezone.now()
    for age in (KEPT - timedelta(hours=1), KEPT + timedelta(hours=1)):
        Operation.objects.create(operation_id=uuid4(), time=now - age, who="x", dry_run=True, status="done")
    assert expire_operations.apply().successful()
    assert Operation.objects.get().time > now - KEPT
