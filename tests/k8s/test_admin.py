import asyncio
import subprocess
import sys
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from k8s import audit
from k8s.models import Operation
from k8s.rows import store
from tests.k8s.conftest import ask, audited
from tests.k8s.recorder import Recorders

pytestmark = pytest.mark.django_db
CHANGE_LIST = reverse("admin:k8s_operation_changelist")


@pytest.fixture(autouse=True)
def rows(monkeypatch: pytest.MonkeyPatch, recorders: Recorders) -> None:
    monkeypatch.setattr(audit, "listeners", [store])


def page_of(answer: dict[str, Any]) -> str:
    return reverse("admin:k8s_operation_change", args=[answer["operationId"]])


def test_each_call_is_a_row_with_what_the_log_says() -> None:
    done = ask("status", namespace="homelab", name="api")
    ask("restart", "pod", namespace="homelab", name="api-1")
    row = Operation.objects.get(operation_id=done["operationId"])
    assert (row.intent, row.namespace, row.target, row.status, row.code) == (
        "status",
        "homelab",
        "deployment/api",
        "done",
        0,
    )
    assert row.stdout_digest == done["result"]["stdoutDigest"]
    assert Operation.objects.filter(status="refused").count() == 1


def test_in_an_event_loop_the_log_has_the_line_and_the_call_goes_on() -> None:
    async def called() -> dict[str, Any]:
        return ask("status", namespace="homelab", name="api")

    answer = asyncio.run(called())
    assert (answer["status"], audited()[0]["operationId"]) == ("done", answer["operationId"])


def test_the_list_can_be_filtered_and_searched(admin_client: Client) -> None:
    done, refused = ask("status", namespace="homelab", name="api"), ask("status", namespace="nowhere", name="api")

    def listed(**query: str) -> list[str]:
        found = admin_client.get(CHANGE_LIST, query).context["cl"].queryset
        return [str(operation.operation_id) for operation in found]

    assert listed() == [refused["operationId"], done["operationId"]]
    assert listed(status__exact="done") == [done["operationId"]]
    assert listed(namespace__exact="nowhere") == [refused["operationId"]]
    assert listed(q="kubectl get") == [done["operationId"]]
    assert listed(q=refused["operationId"]) == [refused["operationId"]]


def test_the_page_of_an_operation_shows_plan_and_outcome(admin_client: Client) -> None:
    page = admin_client.get(page_of(ask("restart", namespace="homelab", name="api", dry_run=False))).content.decode()
    for shown in (
        "Restart deployment api in homelab",
        "kubectl rollout restart deployment/api -n homelab &amp;&amp;\nkubectl rollout status",
        "status deployment api -n homelab<br>",
        "Done: Restart deployment api",
        "medium",
    ):
        assert shown in page


def test_nobody_changes_adds_or_deletes(admin_client: Client) -> None:
    done = ask("status", namespace="homelab", name="api")
    assert admin_client.post(page_of(done), {"who": "nobody"}).status_code == 403
    assert admin_client.get(reverse("admin:k8s_operation_add")).status_code == 403
    delete = reverse("admin:k8s_operation_delete", args=[done["operationId"]])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403
    assert "_save" not in admin_client.get(page_of(done)).content.decode()
    assert Operation.objects.get().who != "nobody"


@pytest.mark.django_db(transaction=True)
def test_without_its_table_the_log_still_has_the_line_and_the_call_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE k8s_operation RENAME TO k8s_operation_away")
    try:
        assert ask("status", namespace="homelab", name="api")["status"] == "done"
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE k8s_operation_away RENAME TO k8s_operation")
    assert len(audited()) == 1
    assert "is in the audit log, but not in the database" in caplog.text


def test_the_core_imports_no_django() -> None:
    check = "import sys, k8s.tool; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_the_app_keeps_a_row_of_each_call() -> None:
    check = (
        "import django; django.setup(); from k8s import audit; from k8s.rows import store; "
        "assert audit.listeners == [store]"
    )
    subprocess.run([sys.executable, "-c", check], check=True)
