"""The real Traefik, as its chart starts it, which reads the tree's routes from a stand-in for the cluster's API."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from homelab_site.stack.child import Child, free_port
from tests.gitops import kubernetes
from tests.gitops.tree import Tree
from tests.waiting import eventually

PODS = "10.42.0.0/16"
"""The network of the cluster's pods: who speaks to Traefik from there is cloudflared. Here that is CLOUDFLARED."""
CLOUDFLARED = "127.0.0.1"
SECONDS = 120


class Traefik:
    """A running Traefik: its port, and what it says of itself."""

    def __init__(self, port: int, api: int) -> None:
        self.port = port
        self._api = f"http://127.0.0.1:{api}/api/http"

    def known(self, kind: str) -> list[dict[str, Any]]:
        """Return the routers, middlewares or services that it has from the tree."""
        try:
            with urlopen(f"{self._api}/{kind}?per_page=1000", timeout=SECONDS) as answer:
                found: list[dict[str, Any]] = json.load(answer)
        except HTTPError:  # it listens before it answers
            return []
        return [one for one in found if one["provider"] == "kubernetescrd"]


def chart_values(tree: Tree) -> dict[str, Any]:
    release = next(one for one in tree.of_kind("HelmRelease") if one["metadata"]["name"] == "traefik")
    values: dict[str, Any] = release["spec"]["values"]
    return values


def arguments(values: dict[str, Any]) -> list[str]:
    """Return what the chart makes of the values that are about requests."""
    trusted = ",".join(values["ports"]["web"]["forwardedHeaders"]["trustedIPs"]).replace(PODS, f"{CLOUDFLARED}/32")
    cross = str(values["providers"]["kubernetesCRD"]["allowCrossNamespace"]).lower()
    return [
        f"--providers.kubernetescrd.allowCrossNamespace={cross}",
        "--providers.kubernetescrd.allowEmptyServices=true",  # the chart's own
        f"--entryPoints.web.forwardedHeaders.trustedIPs={trusted}",
        *values.get("additionalArguments", ()),
    ]


@contextmanager
def running(tree: Tree, directory: Path, backends: kubernetes.Backends) -> Iterator[Traefik]:
    """Start Traefik in front of the backends, and give it when it has all routes of the tree."""
    port, api = free_port(), free_port()
    program = Path(sys.executable).parent / "traefik"
    expected = sum(len(one["spec"]["routes"]) for one in tree.of_kind("IngressRoute"))
    with kubernetes.serving(tree, backends) as cluster:
        argv = [
            *(str(program), f"--providers.kubernetescrd.endpoint={cluster}"),
            f"--entryPoints.web.address=127.0.0.1:{port}",
            *("--api.insecure=true", f"--entryPoints.traefik.address=127.0.0.1:{api}"),
            *("--global.checkNewVersion=false", "--log.level=ERROR"),
            *arguments(chart_values(tree)),
        ]
        child = Child("traefik", argv, directory / "log")
        child.start()
        try:
            child.wait_for_port(port, SECONDS)
            child.wait_for_port(api, SECONDS)
            made = Traefik(port, api)
            eventually(lambda: len(made.known("routers")) == expected, SECONDS)
            yield made
        finally:
            child.kill()
