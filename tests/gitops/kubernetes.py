"""A stand-in for the cluster's API, as far as Traefik asks it: lists of the tree's objects, and watches without news.

In front of every Service it puts an EndpointSlice that leads to a port of this machine, as pods would.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.gitops.tree import Object, Tree

Backends = Mapping[str, int]
"""Ports of this machine, by the names of Services; a Service that is not named has no endpoint."""
KINDS = (
    *("Service", "EndpointSlice", "Secret", "ConfigMap", "Node", "Namespace"),
    *("IngressRoute", "IngressRouteTCP", "IngressRouteUDP", "Middleware", "MiddlewareTCP", "TraefikService"),
    *("ServersTransport", "ServersTransportTCP", "TLSOption", "TLSStore"),
)
BY_PLURAL = {f"{kind.lower()}s": kind for kind in KINDS}
COLLECTION = re.compile(
    r"/(?:api|apis)/(?P<version>(?:[^/]+/)?[^/]+?)(?:/namespaces/(?P<namespace>[^/]+))?/(?P<kinds>[^/]+)"
)
ADDRESS = re.compile(r"http://(?P<name>[\w-]+)\.(?P<namespace>[\w-]+)\.svc\.cluster\.local:(?P<port>\d+)")


def objects(tree: Tree, backends: Backends) -> list[Object]:
    """Return what the cluster would have, with the backends in the place of the names that its DNS knows."""
    owned = [thing for _, thing in tree.owned]
    services = {(one["metadata"]["namespace"], one["metadata"]["name"]) for one in owned if one["kind"] == "Service"}

    def resolve(found: re.Match[str]) -> str:
        assert (found["namespace"], found["name"]) in services, f"{found[0]} is no Service of the tree"
        return f"http://127.0.0.1:{backends.get(found['name'], 1)}"

    routing = [one for one in owned if one["apiVersion"].startswith("traefik.io/")]
    resolved: list[Object] = json.loads(ADDRESS.sub(resolve, json.dumps(routing)))
    slices = [endpoints(one, backends) for one in owned if one["kind"] == "Service"]
    return [*(one for one in owned if one["kind"] in {"Service", "Namespace"}), *resolved, *slices]


def endpoints(service: Object, backends: Backends) -> Object:
    """Return the EndpointSlice of a Service (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/)."""
    meta, port = service["metadata"], backends.get(service["metadata"]["name"])
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{meta['name']}-1",
            "namespace": meta["namespace"],
            "labels": {"kubernetes.io/service-name": meta["name"]},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}] if port else [],
        "ports": [
            {"name": one.get("name", ""), "port": port, "protocol": "TCP"} for one in service["spec"]["ports"] if port
        ],
    }


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, held: list[Object]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.held = held
        self.ended = Event()

    def listed(self, version: str, kind: str, namespace: str | None) -> list[Object]:
        return [
            one
            for one in self.held
            if (one["apiVersion"], one["kind"]) == (version, kind)
            and namespace in (None, one["metadata"].get("namespace"))
        ]


class Handler(BaseHTTPRequestHandler):
    """Only reads, as Traefik's role in the cluster lets it (https://kubernetes.io/docs/reference/using-api/api-concepts/)."""

    server: Server

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        found, query = COLLECTION.fullmatch(url.path), parse_qs(url.query)
        if url.path == "/version":
            self._answer(200, {"major": "1", "minor": "34", "gitVersion": "v1.34.1+k3s1"})
        elif not found or found["kinds"] not in BY_PLURAL:
            self._refuse(404, "NotFound")
        elif "sendInitialEvents" in query:
            self._refuse(422, "Invalid")  # a server may lack streaming lists; then clients list and watch
        elif "watch" in query:
            self._answer(200, None)
            self.server.ended.wait(float(query.get("timeoutSeconds", ["600"])[0]))
        else:
            version, kind = found["version"], BY_PLURAL[found["kinds"]]
            items = self.server.listed(version, kind, found["namespace"])
            meta = {"resourceVersion": "1"}
            self._answer(200, {"kind": f"{kind}List", "apiVersion": version, "metadata": meta, "items": items})

    def _refuse(self, status: int, reason: str) -> None:
        self._answer(
            status, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": status}
        )

    def _answer(self, status: int, body: Any) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if body is not None:
            self.wfile.write(json.dumps(body).encode())
        self.wfile.flush()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(tree: Tree, backends: Backends) -> Iterator[str]:
    """Give the address of the API."""
    server = Server(objects(tree, backends))
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
