"""The web process as it runs, and asking it as a stranger would."""

import http.client
import json
import os
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from typing import Any

from homelab_site.stack import parts
from homelab_site.stack.child import Child, free_port
from tests.homelab_site.access.conftest import PATH
from tests.homelab_site.access.issuer import HouseIssuer

Answer = tuple[int, Message, Any]
"""Status, headers, and the JSON of the body; text where the body is none."""


class Server:
    """A web process that trusts an issuer, and no proxy unless the environment names one."""

    def __init__(self, directory: Path, issuer: HouseIssuer, **environment: str) -> None:
        self.issuer = issuer
        self.port = free_port()
        usual = {"OIDC_ISSUERS": json.dumps([issuer.setting()]), "TRUSTED_PROXIES": "192.0.2.0/24"}
        log = directory / f"web-{self.port}.log"
        self.process = Child("web", parts.web(self.port).argv, log, env={**os.environ, **usual, **environment})
        self.process.start()
        self.process.wait_for_port(self.port, 60)

    def stop(self) -> None:
        self.process.kill()

    @property
    def log(self) -> str:
        return self.process.log.read_text()

    def ask(self, token: str | None = None, path: str = PATH, **headers: str) -> Answer:
        return self.send("GET", path, headers if token is None else {"Authorization": f"Bearer {token}", **headers})

    def send(self, method: str, path: str, headers: Mapping[str, str], body: str | bytes | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            return ask(connection, path, headers, method=method, body=body)
        finally:
            connection.close()


def ask(
    connection: http.client.HTTPConnection,
    path: str,
    headers: Mapping[str, str],
    *,
    method: str = "GET",
    body: str | bytes | None = None,
) -> Answer:
    connection.request(method, path, body, dict(headers))
    response = connection.getresponse()
    text = response.read()
    return response.status, response.headers, json.loads(text) if text.startswith(b"{") else text.decode()
