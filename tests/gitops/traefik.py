"""The real Traefik with the tree's routes, in front of a stand-in site that shows what reaches it."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import yaml

from homelab_site.stack.child import Child, free_port
from tests.gitops.tree import Tree

PROXY = "http://oauth2-proxy.authentik.svc.cluster.local:4180"
LOGIN = "https://authentik.k12n.com/login"


class Site(BaseHTTPRequestHandler):
    """Answers with the headers of the request."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps([self.path, dict(self.headers.items())]).encode())

    def do_OPTIONS(self) -> None:
        self.do_GET()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class Proxy(Site):
    """Knows one login, as oauth2-proxy does: a cookie."""

    def do_GET(self) -> None:
        known = "_oauth2_proxy=good" in self.headers.get("Cookie", "")
        self.send_response(202 if known else 401 if self.path == "/oauth2/auth" else 302)
        self.send_header(*(("X-Auth-Request-Access-Token", "the-token") if known else ("Location", LOGIN)))
        self.end_headers()


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def configuration(tree: Tree, site: str, proxy: str) -> dict[str, Any]:
    """Return the tree's routes and middlewares as Traefik reads them from a file: the members are the same."""
    middlewares, routers = {}, {}
    for thing in tree.of_kind("Middleware"):
        spec = json.loads(json.dumps(thing["spec"]).replace(PROXY, proxy))
        middlewares[f"{thing['metadata']['namespace']}-{thing['metadata']['name']}"] = spec
    for thing in tree.of_kind("IngressRoute"):
        namespace, name = thing["metadata"]["namespace"], thing["metadata"]["name"]
        for number, route in enumerate(thing["spec"]["routes"]):
            routers[f"{namespace}-{name}-{number}"] = {
                "rule": route["match"],
                "priority": route["priority"],
                "entryPoints": thing["spec"]["entryPoints"],
                "middlewares": [f"{namespace}-{middleware['name']}" for middleware in route["middlewares"]],
                "service": "site",
            }
    services = {"site": {"loadBalancer": {"servers": [{"url": site}]}}}
    return {"http": {"routers": routers, "middlewares": middlewares, "services": services}}


@contextmanager
def running(tree: Tree, directory: Path) -> Iterator[str]:
    """Give the address of Traefik, started with the arguments that its chart gets."""
    release = next(one for one in tree.of_kind("HelmRelease") if one["metadata"]["name"] == "traefik")
    port = free_port()
    with serving(Site) as site, serving(Proxy) as proxy:
        (directory / "routes.yaml").write_text(yaml.safe_dump(configuration(tree, site, proxy)))
        argv = [
            *(str(Path(sys.executable).parent / "traefik"), f"--entryPoints.web.address=127.0.0.1:{port}"),
            *release["spec"]["values"]["additionalArguments"],
            *(f"--providers.file.filename={directory / 'routes.yaml'}", "--log.level=ERROR"),
        ]
        traefik = Child("traefik", argv, directory / "log")
        traefik.start()
        try:
            traefik.wait_for_port(port, 60)
            yield f"http://127.0.0.1:{port}"
        finally:
            traefik.kill()
