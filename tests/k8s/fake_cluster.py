"""A Kubernetes API server for tests, which the real kubectl talks to. It keeps objects and a log of all requests."""

import copy
import json
import threading
import time
import urllib.parse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.k8s import openapi
from tests.k8s.access_review import reviewed
from tests.k8s.api_resources import BY_KIND, BY_PATH, ApiResource, discovery

Object = dict[str, Any]
Key = tuple[str, str, str]
METHODS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
REVIEWS = "selfsubjectaccessreviews"


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that the server has seen; `dry` if it was to change nothing."""

    verb: str
    path: str
    dry: bool
    query: Mapping[str, str]
    body: Any


class FakeCluster(ThreadingHTTPServer):
    """`denied` holds (verb, plural), `guarded` pods that a disruption budget keeps, `stuck` workloads that never get
    ready, `logs` the lines of pods, and `slow` the seconds that each answer takes."""

    daemon_threads = True

    def __init__(self, objects: Iterable[Object] = ()) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.RLock()
        self.objects: dict[Key, Object] = {}
        self.seen: list[Seen] = []
        self.denied: set[tuple[str, str]] = set()
        self.guarded: set[str] = set()
        self.stuck: set[str] = set()
        self.logs: dict[str, list[str]] = {}
        self.slow = 0.0
        self.version = 100
        for thing in objects:
            self.add(thing)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def add(self, thing: Object) -> None:
        plural = BY_KIND[thing["kind"]].plural
        about = thing["metadata"]
        self.objects[plural, about.get("namespace", ""), about["name"]] = copy.deepcopy(thing)

    def get(self, plural: str, name: str, namespace: str = "") -> Object | None:
        return self.objects.get((plural, namespace, name))

    def writes(self) -> list[tuple[str, str]]:
        """Return the verbs and paths of all requests that changed something, or were to."""
        return [
            (seen.verb, seen.path)
            for seen in self.seen
            if seen.verb not in ("get", "list", "watch") and not seen.dry and REVIEWS not in seen.path
        ]

    def store(self, key: Key, thing: Object) -> None:
        """Keep an object, and do at once what its controller would do in time."""
        self.version += 1
        thing["metadata"]["resourceVersion"] = str(self.version)
        self.objects[key] = thing
        replicas = thing.get("spec", {}).get("replicas")
        if replicas is not None and key[2] not in self.stuck:
            counts = ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas")
            thing["status"] = {**thing.get("status", {}), **dict.fromkeys(counts, replicas)}
            thing["status"]["observedGeneration"] = thing["metadata"].get("generation", 1)

    def kubeconfig(self, path: Path) -> Path:
        """Write a file for KUBECONFIG that leads here."""
        host, port = self.server_address[:2]
        path.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "c", "cluster": {"server": f"http://{host!s}:{port}"}}],
                    "users": [{"name": "u", "user": {}}],
                    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                    "current-context": "x",
                }
            )
        )
        return path

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""


@dataclass(slots=True)
class Call:
    """A request, taken apart."""

    resource: ApiResource
    namespace: str
    name: str | None
    subresource: str | None
    query: Mapping[str, str]
    body: Any
    dry: bool
    key: Key = field(init=False)

    def __post_init__(self) -> None:
        self.key = (self.resource.plural, self.namespace, self.name or "")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeCluster

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def answer(self) -> None:
        time.sleep(self.server.slow)
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.describe(url.path):
            return None
        call = self.call_of(url.path, query, raw)
        if call is None:
            return self.fail(404, "NotFound", "the server could not find the requested resource")
        verb = METHODS[self.command] if call.name or self.command != "GET" else "list"
        with self.server.lock:
            self.server.seen.append(Seen(verb, url.path, call.dry, query, call.body))
            if call.resource.plural == REVIEWS:
                return self.review(raw)
            if (verb, call.resource.plural) in self.server.denied:
                what = f'{call.resource.plural} "{call.name}"' if call.name else call.resource.plural
                return self.fail(403, "Forbidden", f'{what} is forbidden: User "homelab" cannot {verb} it')
            if query.get("watch") not in ("1", "true"):
                getattr(self, f"do_{verb}_of")(call)
                return None
        return self.watch(call)

    def describe(self, path: str) -> bool:
        """Answer what is asked about the API itself; return False for what is about objects."""
        if path == openapi.PATH:
            self.send_bytes(200, openapi.document(), openapi.MEDIA_TYPE)
            return True
        known = discovery(path)
        if known is not None:
            self.send(200, known)
        return known is not None

    def call_of(self, path: str, query: Mapping[str, str], raw: bytes) -> Call | None:
        parts = [urllib.parse.unquote(part) for part in path.strip("/").split("/")]
        version, rest = (parts[1], parts[2:]) if parts[0] == "api" else ("/".join(parts[1:3]), parts[3:])
        namespace = ""
        if rest[:1] == ["namespaces"] and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        resource = BY_PATH.get((version, rest[0])) if rest else None
        if resource is None:
            return None
        body = json.loads(raw) if raw[:1] == b"{" else {}
        options = body.get("deleteOptions") or body
        dry = query.get("dryRun") == "All" or options.get("dryRun") == ["All"]
        name, subresource = (*rest[1:3], None, None)[:2]
        return Call(resource, namespace, name, subresource, query, body, dry)

    def review(self, raw: bytes) -> None:
        # Older kubectl sends JSON.
        about = json.loads(raw)["spec"]["resourceAttributes"] if raw[:1] == b"{" else reviewed(raw)
        allowed = (about["verb"], about["resource"]) not in self.server.denied
        kind = {"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {}}
        self.send(201, {**kind, "spec": {"resourceAttributes": about}, "status": {"allowed": allowed}})

    def do_list_of(self, call: Call) -> None:
        items = self.selected(call)
        if "as=Table" in self.headers.get("Accept", ""):
            return self.send(200, table(items))
        about = {"resourceVersion": str(self.server.version)}
        kind = {"kind": f"{call.resource.kind}List", "apiVersion": call.resource.group_version}
        return self.send(200, {**kind, "metadata": about, "items": items})

    def do_get_of(self, call: Call) -> None:
        thing = self.server.objects.get(call.key)
        if thing is None:
            return self.missing(call)
        if is_metrics(call.resource):
            return self.send(200, metrics_of(thing))
        if call.subresource == "log":
            lines = self.server.logs.get(call.key[2], ["one", "two", "three"])
            tail = int(call.query.get("tailLines", len(lines)))
            return self.send_bytes(200, "".join(f"{line}\n" for line in lines[-tail:]).encode(), "text/plain")
        if call.subresource == "scale":
            return self.send(200, scale_of(thing))
        if "as=Table" in self.headers.get("Accept", ""):
            return self.send(200, table([thing]))
        return self.send(200, thing)

    def do_create_of(self, call: Call) -> None:
        if call.subresource == "eviction":
            return self.evict(call)
        key = (*call.key[:2], call.body["metadata"]["name"])
        if key in self.server.objects:
            return self.fail(409, "AlreadyExists", f'{call.resource.plural} "{key[2]}" already exists')
        call.body["metadata"].update(uid="new", namespace=call.namespace)
        if not call.dry:
            self.server.store(key, call.body)
        return self.send(201, call.body)

    def evict(self, call: Call) -> None:
        if call.key[2] in self.server.guarded:
            why = "Cannot evict pod as it would violate the pod's disruption budget."
            return self.fail(429, "TooManyRequests", why)
        if not call.dry:
            self.server.objects.pop(call.key)
        return self.send(201, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})

    def do_patch_of(self, call: Call) -> None:
        thing = copy.deepcopy(self.server.objects.get(call.key))
        if thing is None:
            return self.missing(call)
        changed = merged(thing, {"spec": call.body["spec"]} if call.subresource == "scale" else call.body)
        if changed.get("spec") != self.server.objects[call.key].get("spec"):
            changed["metadata"]["generation"] = changed["metadata"].get("generation", 1) + 1
        if not call.dry:
            self.server.store(call.key, changed)
        return self.send(200, scale_of(changed) if call.subresource == "scale" else changed)

    do_update_of = do_patch_of

    def do_delete_of(self, call: Call) -> None:
        if call.key not in self.server.objects:
            return self.missing(call)
        if not call.dry:
            self.server.objects.pop(call.key)
        details = {"name": call.name, "kind": call.resource.plural}
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
        return self.send(200, status)

    def watch(self, call: Call) -> None:
        """Report every change of the selected objects until the client hangs up or its time is over."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        seen: dict[str, Object] = {}
        deadline = time.monotonic() + float(call.query.get("timeoutSeconds", 60))
        while time.monotonic() < deadline:
            with self.server.lock:
                now = {thing["metadata"]["name"]: copy.deepcopy(thing) for thing in self.selected(call)}
            changes = [("DELETED", thing) for name, thing in seen.items() if name not in now]
            changed = [name for name in now if now[name] != seen.get(name)]
            changes += [("MODIFIED" if name in seen else "ADDED", now[name]) for name in changed]
            try:
                for kind, thing in changes:
                    self.wfile.write(json.dumps({"type": kind, "object": thing}).encode() + b"\n")
                self.wfile.flush()
            except OSError:
                return
            seen = now
            time.sleep(0.05)

    def selected(self, call: Call) -> list[Object]:
        things = [
            thing
            for (plural, namespace, _), thing in self.server.objects.items()
            if plural == call.resource.plural
            and call.namespace in ("", namespace)
            and selects(call.query.get("labelSelector", ""), thing["metadata"].get("labels", {}))
            and selects(call.query.get("fieldSelector", ""), flat(thing))
        ]
        return [metrics_of(thing) for thing in things] if is_metrics(call.resource) else things

    def missing(self, call: Call) -> None:
        group = call.resource.group_version.rpartition("/")[0]
        what = f"{call.resource.plural}.{group}" if group else call.resource.plural
        self.fail(404, "NotFound", f'{what} "{call.name}" not found')

    def fail(self, code: int, reason: str, message: str) -> None:
        kind = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        self.send(code, {**kind, "message": message, "reason": reason, "code": code})

    def send(self, code: int, body: Any) -> None:
        self.send_bytes(code, json.dumps(body).encode(), "application/json")

    def send_bytes(self, code: int, body: bytes, kind: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


for method in METHODS:
    setattr(Handler, f"do_{method}", Handler.answer)


def merged(thing: Any, patch: Mapping[str, Any]) -> Any:
    """Return a JSON merge patch applied (RFC 7386), without the directives of kubectl's strategic ones."""
    result = dict(thing) if isinstance(thing, dict) else {}
    for name, value in patch.items():
        if name.startswith("$"):
            continue
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value) if isinstance(value, Mapping) else value
    return result


def is_metrics(resource: ApiResource) -> bool:
    return resource.group_version.startswith("metrics")


def metrics_of(thing: Object) -> Object:
    usage = {"cpu": "5m", "memory": "64Mi"}
    containers = [{"name": each["name"], "usage": usage} for each in thing["spec"].get("containers", [])]
    return {"kind": f"{thing['kind']}Metrics", "metadata": thing["metadata"], "usage": usage, "containers": containers}


def scale_of(thing: Object) -> Object:
    about = {name: thing["metadata"].get(name) for name in ("name", "namespace", "uid", "resourceVersion")}
    spec = {"replicas": thing["spec"]["replicas"]}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": about, "spec": spec, "status": spec}


def table(items: list[Object]) -> Object:
    columns = [{"name": name, "type": "string", "format": "", "priority": 0} for name in ("Name", "Ready")]
    rows = [{"cells": [item["metadata"]["name"], ready(item)], "object": item} for item in items]
    return {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {}, "columnDefinitions": columns, "rows": rows}


def ready(thing: Object) -> str:
    return f"{thing.get('status', {}).get('readyReplicas', 0)}/{thing.get('spec', {}).get('replicas', 0)}"


def selects(selector: str, values: Mapping[str, str]) -> bool:
    for term in filter(None, selector.split(",")):
        name, _, value = term.replace("==", "=").partition("=")
        wanted = not name.endswith("!")
        if (values.get(name.rstrip("!")) == value) != wanted:
            return False
    return True


def flat(thing: Any, path: str = "") -> dict[str, str]:
    """Return the leaves of an object by their dotted paths."""
    if not isinstance(thing, Mapping):
        return {path: str(thing)}
    return {
        name: leaf for key, value in thing.items() for name, leaf in flat(value, f"{path}.{key}".strip(".")).items()
    }
