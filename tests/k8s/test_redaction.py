"""What must not be seen, and what must: in the answer, the audit log, the rows, the admin and the logs of Django."""

import base64
import logging
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from k8s import audit
from k8s.redaction import HIDDEN, redact
from k8s.rows import store
from tests.k8s.conftest import ask
from tests.k8s.recorder import Recorders

# Made up, each of them, in the form of the real thing.
WORD = "hunter2-Zx9"
BASE64 = base64.b64encode(WORD.encode()).decode()
JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6IkEifQ.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJlLW9mLW5vYm9keQ"
GITHUB = "ghp_" + "Ab1" * 12
AMAZON = "AKIA" + "IOSFODNN7EXAMPLE"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{'MIIEow' * 10}\n-----END RSA PRIVATE KEY-----"
LONG = "Zm9vYmFyMTIz" * 6

LEAKS = {
    "secret as yaml": (f"apiVersion: v1\ndata:\n  color: {BASE64}\nkind: Secret\nmetadata:\n  name: db\n", BASE64),
    "list of secrets": (f"items:\n- apiVersion: v1\n  data:\n    x: {BASE64}\n  kind: Secret\n", BASE64),
    "secret as json": (f'{{"kind": "Secret", "data": {{"color": "{BASE64}"}}}}', BASE64),
    "secret with braces": (f'{{"data": {{"x": "{{}}", "y": "{BASE64}"}}, "kind": "Secret"}}', BASE64),
    "secret with a comment": (f"kind: Secret\ndata: # of the house\n  color: {BASE64}\n", BASE64),
    "secret on one line": (f"kind: Secret\ndata: {{color: {BASE64}}}\n", BASE64),
    "secret with quoted names": (f'"data":\n  "color": "{BASE64}"\n"kind": "Secret"\n', BASE64),
    "sealed secret": (f"kind: SealedSecret\nspec:\n  encryptedData:\n    color: {LONG}+/x\n", LONG[:10]),
    "secret as given": (f"kind: Secret\nstringData:\n  color: {WORD}\n", WORD),
    "secret in an annotation": (f'{{\\"data\\":{{\\"color\\":\\"{BASE64}\\"}},\\"kind\\":\\"Secret\\"}}', BASE64),
    "jsonpath of a secret": (f'{{"password":"{BASE64}"}}', BASE64),
    "map of a secret": (f"map[password:{BASE64} user:eA==]", BASE64),
    "described variable": (f"    Environment:\n      DB_PASSWORD:  {WORD}\n      MODE:  slow", WORD),
    "described words": ("      DB_PASSWORD:  correct horse battery", "battery"),
    "yaml variable": (f"- name: DB_PASSWORD\n  value: {WORD}\n", WORD),
    "quoted yaml variable": (f'- name: "API_TOKEN"\n  value: "{WORD} b"\n', WORD),
    "json variable": (f'{{"name": "API_KEY", "value": "{WORD}"}}', WORD),
    "escaped variable": (f'{{\\"name\\":\\"API_KEY\\",\\"value\\":\\"{WORD}\\"}}', WORD),
    "assignment": (f"export SECRET_KEY={WORD}", WORD),
    "quoted assignment": (f"PGPASSWORD='{WORD} x' psql", WORD),
    "argument": (f"mosquitto_sub --password {WORD} -t x", WORD),
    "argument with a sign": (f"--from-literal=token={WORD}", WORD),
    "arguments as a list": (f"args:\n- --password\n- {WORD}\n", WORD),
    "arguments as json": (f'["--client-secret", "{WORD}"]', WORD),
    "postgresql url": (f"postgresql://homelab:{WORD}@db:5432/x", WORD),
    "url with signs": (f"redis://:{WORD}@/x@cache:6379/0", WORD),
    "url with a token": (f"https://{GITHUB}@github.com/o/r", GITHUB),
    "dsn": (f"host=db user=x password={WORD} dbname=y", WORD),
    "ado": (f"Server=db;User Id=x;Password={WORD};", WORD),
    "jdbc": (f"jdbc:postgresql://db/x?user=y&password={WORD}", WORD),
    "storage account": (f"AccountName=x;AccountKey={LONG}==;", LONG),
    "query": (f"GET /x?access_token={WORD}&page=1", WORD),
    "bearer": (f"Authorization: Bearer {WORD}", WORD),
    "list of passwords": (f"passwords:\n  - {WORD}\n  - b {WORD}\n", WORD),
    "passwords on one line": (f"tokens: [{WORD}, b-{WORD}]", WORD),
    "xml": (f"<db-password>{WORD}</db-password>", WORD),
    "signed address": (f"https://x/y?sv=2&sig={WORD}%3D&x=1", WORD),
    "personal access token": (f"GH_PAT: {WORD}", WORD),
    "telegram": ("bot123456789:" + "AAb_-" * 7, "AAb_-"),
    "bearer of letters": ("sent Bearer abcdefghijklmnopqrstuvwx", "abcdefghijklmnopqrstuvwx"),
    "bearer in a sentence": ("sent Bearer abc123def456ghi", "abc123def456ghi"),
    "basic": (f"authorization: Basic {BASE64}", BASE64),
    "cookie": (f"Set-Cookie: sessionid={WORD}; Path=/", WORD),
    "header of a key": (f"X-Api-Key: {WORD}", WORD),
    "curl": (f"curl -u admin:{WORD} https://x", WORD),
    "sql": (f"ALTER ROLE x LOGIN PASSWORD '{WORD}';", WORD),
    "sentence": (f"the password is {WORD}", WORD),
    "netrc": (f"machine x login y password {WORD}", WORD),
    "kubeconfig": (f"users:\n- name: x\n  user:\n    client-key-data: {LONG}\n    token: {WORD}\n", WORD),
    "kubeconfig key": (f"    client-key-data: {BASE64}", BASE64),
    "kubeconfig certificate": (f"    certificate-authority-data: {BASE64}", BASE64),
    "private key": (f"key: |\n{PEM}\n", "MIIEow"),
    "private key that is cut": (PEM[:60], "MIIEow"),
    "private key in json": (PEM.replace("\n", "\\n"), "MIIEow"),
    "encoded private key": (base64.b64encode(PEM.encode()).decode(), "LS0tLS1CRUdJTi"),
    "block": (f"password: |\n  {WORD}\n  second line {WORD}\nnext: 1\n", WORD),
    "docker": (f'{{"auths":{{"ghcr.io":{{"auth":"{BASE64}"}}}}}}', BASE64),
    "jwt": (f"got {JWT}", JWT[20:40]),
    "service account token": (f"token:      {JWT}", JWT[-20:]),
    "github": (f"remote: {GITHUB}", GITHUB),
    "amazon": (f"using {AMAZON}", AMAZON),
    "slack": ("https://hooks.slack.com/services/T0/B0/abcdef", "abcdef"),
    "long random": (f"got {LONG} back", LONG),
    "hash of a password": ("user:$2y$05$abcdefghijklmnopqrstuv", "abcdefghijklmnopqrstuv"),
    "mosquitto hash": ("alice:$7$101$c2FsdA==$aGFzaGhhc2g=", "aGFzaGhhc2g="),
    "django hash": ("pbkdf2_sha256$1000000$salt$aGFzaA==", "aGFzaA=="),
    "coloured": (f"pass\x1b[31mword\x1b[0m={WORD}", WORD),
    "torn by an invisible sign": (f"pass\u200bword={WORD}", WORD),
    "windows line": (f"password={WORD}\r\nx", WORD),
}

ORDINARY = [
    "NAME   READY   STATUS    RESTARTS   AGE\napi-6d5f9c7b8-x2k4j   1/1   Running   3 (5m ago)   2d",
    "      DB_PASSWORD:  <set to the key 'password' in secret 'db'>  Optional: false",
    "    secretName: db-credentials",
    "      valueFrom:\n        secretKeyRef:\n          key: password\n          name: db\n",
    "automountServiceAccountToken: false",
    "  TokenExpirationSeconds:  3607",
    "    Type:        Secret (a volume populated by a Secret)",
    "    /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-x2k4j (ro)",
    "POSTGRES_PASSWORD_FILE: /run/secrets/db_password",
    "image: ghcr.io/owner/homelab@sha256:" + "0123456789abcdef" * 4,
    "revision: main@sha1:" + "0123456789abcdef" * 2 + "01234567",
    "uid: 7147503d-d580-4183-a51f-4770192ced31",
    'password authentication failed for user "homelab"',
    "tolerations:\n- key: node.kubernetes.io/not-ready\n  operator: Exists",
    'Error: secret "db-credentials" not found',
    "connect to postgresql://db:5432/homelab?sslmode=require",
    "data:\n  mosquitto.conf: |\n    listener 1883\n    allow_anonymous false\nkind: ConfigMap",
    "2026-11-25T00:00:00Z INFO stored 500 rows in 12 ms, offset 4711",
    "Liveness probe failed: HTTP probe failed with statuscode: 503",
    "0/2 nodes are available: 2 Insufficient memory. preemption: 0/2 nodes are available",
    'level=error msg="invalid token: expired" user=x',
    "error: token: unexpected EOF, password: authentication failed",
    "auth: failed for user bob",
    "secret: not found",
    "GET http://registry.local:4873/@scope/package 200",
    "imagePullSecrets:\n  - name: ghcr\nsecrets: [db, mail]",
    "  token: null\n  password: <none>\n  secret: ''\n",
    'File "/usr/lib/python3.11/site-packages/django/db/backends/postgresql/base.py", line 275',
]


@pytest.mark.parametrize(("text", "secret"), LEAKS.values(), ids=LEAKS)
def test_a_secret_is_taken_out(text: str, secret: str) -> None:
    shown = redact(text)
    assert secret not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_output_survives(text: str) -> None:
    assert redact(text) == text


def test_what_stands_around_a_secret_survives() -> None:
    assert redact(f"- name: DB_PASSWORD\n  value: {WORD}\n- name: MODE\n  value: slow\n").endswith("value: slow\n")
    assert (
        redact(f"postgresql://homelab:{WORD}@db:5432/x is away") == f"postgresql://homelab:{HIDDEN}@db:5432/x is away"
    )


def test_a_secret_of_this_process_is_taken_out_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMELAB_SIGNING_KEY", WORD)
    assert WORD not in redact(f"somebody said {WORD}")


@pytest.mark.django_db
def test_no_secret_reaches_answer_log_row_or_admin(
    recorders: Recorders,
    workplace: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    admin_client: Client,
    admin_user: User,
) -> None:
    monkeypatch.setattr(audit, "listeners", [store])
    caplog.set_level(logging.DEBUG)
    places = []
    for text, _ in LEAKS.values():
        recorders.add(["kubectl"], stdout=text)
        answer = ask("config-view", "configmap", namespace="homelab", name="x")
        page = admin_client.get(reverse("admin:k8s_operation_change", args=[answer["operationId"]]))
        places += [str(answer), page.content.decode()]
    places += [audit.log_path().read_text(), caplog.text]
    for name, (_, secret) in LEAKS.items():
        assert not [place for place in places if secret in place], name


def test_a_secret_at_the_end_of_what_is_kept_does_not_show_its_first_half(recorders: Recorders) -> None:
    recorders.add(["kubectl"], stdout="x" * (64 * 1024 - 10) + f" token={WORD}")
    answer = ask("logs", "pod", namespace="homelab", name="x")
    assert "hunter" not in str(answer)
    assert answer["result"]["truncated"]


@pytest.mark.parametrize(
    "unit",
    ["a", "a-", "password ", '"', "\\", " \n", "://", "A1a", "name: ", "eyJ", "data:\n", "key_", "-secret\n", "{"],
)
def test_no_text_takes_long(unit: str) -> None:
    redact(f"kind: Secret\n{unit * (60_000 // len(unit))}")
