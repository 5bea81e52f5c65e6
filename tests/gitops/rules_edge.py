"""What must be true of the way in: routes, what stands before them, and the login."""

import re
from collections.abc import Iterator

from tests.gitops.tree import Object, Tree, containers, dig, identity

IDENTITY_HEADERS = {
    *("X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Groups", "X-Auth-Request-Access-Token"),
    *("X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups", "X-Forwarded-Access-Token", "Remote-User"),
}
NEGATION = re.compile(r"!PathPrefix\(`[^`]*`\)")
ORDER = ("scrub", "cors", "login", "small")
OPEN = ("/ws/energy", "/login/oidc/callback/", "/oauth2/", "Authorization", "authentik.k12n.com")
"""What tells a route that the site, or the identity provider, guards itself."""


def middlewares(tree: Tree) -> dict[tuple[str, str], Object]:
    return {(one["metadata"]["namespace"], one["metadata"]["name"]): one for one in tree.of_kind("Middleware")}


def routes(tree: Tree) -> Iterator[tuple[str, Object]]:
    for thing in tree.of_kind("IngressRoute"):
        for route in thing["spec"]["routes"]:
            yield thing["metadata"]["namespace"], route


def routes_lead_to_services_of_their_namespace(tree: Tree) -> Iterator[str]:
    ports = {
        (service["metadata"]["namespace"], service["metadata"]["name"], port["port"])
        for service in tree.of_kind("Service")
        for port in service["spec"]["ports"]
    }
    for namespace, route in routes(tree):
        for service in route["services"]:
            if (namespace, service["name"], service["port"]) not in ports:
                yield f"{route['match']} leads to {service}, which is not in {namespace}"
        for middleware in route.get("middlewares", ()):
            if (middleware.get("namespace", namespace), middleware["name"]) not in middlewares(tree):
                yield f"{route['match']} goes through {middleware['name']}, which does not exist"
            if middleware.get("namespace", namespace) != namespace:
                yield f"{route['match']} goes through a middleware of another namespace"


def routes_scrub_first_then_cors_then_login(tree: Tree) -> Iterator[str]:
    for _, route in routes(tree):
        steps = [str(middleware["name"]).partition("-")[0] for middleware in route.get("middlewares", ())]
        if steps[:1] != ["scrub"] or steps != sorted(steps, key=ORDER.index):
            yield f"{route['match']} goes through {steps}"
        asked_for = NEGATION.sub("", route["match"])
        if "login" not in steps and not any(sign in asked_for for sign in OPEN):
            yield f"{route['match']} asks for no login"
        if not isinstance(route.get("priority"), int):
            yield f"{route['match']} has no priority"


def bodies_are_small(tree: Tree) -> Iterator[str]:
    for namespace, route in routes(tree):
        steps = [middleware["name"] for middleware in route.get("middlewares", ())]
        if namespace == "homelab" and "small-bodies" not in steps and "Method(`GET`)" not in route["match"]:
            yield f"{route['match']} lets the site receive a body of any size"


def identity_headers_are_scrubbed(tree: Tree) -> Iterator[str]:
    for (namespace, name), middleware in middlewares(tree).items():
        if name == "scrub":
            cleared = dig(middleware, "spec", "headers", "customRequestHeaders", default={})
            kept = {header for header in IDENTITY_HEADERS if cleared.get(header) != ""}
            if kept:
                yield f"{namespace}/{name} lets through {', '.join(sorted(kept))}"


def other_spellings_of_headers_are_dropped(tree: Tree) -> Iterator[str]:
    for release in tree.of_kind("HelmRelease"):
        if release["metadata"]["name"] == "traefik":
            values = release["spec"]["values"]
            if "--entryPoints.web.http.aliasHeadersStrategy=delete" not in values.get("additionalArguments", ()):
                yield "Traefik lets X_Auth_Request_Email through"
            if dig(values, "providers", "kubernetesCRD", "allowCrossNamespace") is not False:
                yield "Traefik looks into other namespaces"


def the_tunnel_is_the_only_way_to_traefik(tree: Tree) -> Iterator[str]:
    """The chart takes the type from `service.spec` and passes by one beside it; its own type is LoadBalancer."""
    for release in tree.of_kind("HelmRelease"):
        if release["metadata"]["name"] == "traefik":
            service = dig(release, "spec", "values", "service", default={})
            if service != {"spec": {"type": "ClusterIP"}}:
                yield f"Traefik listens on the nodes themselves, where the whole house reaches it: {service}"


def logins_forward_what_they_are_decided_by(tree: Tree) -> Iterator[str]:
    for middleware in middlewares(tree).values():
        auth = dig(middleware, "spec", "forwardAuth")
        if auth is None:
            continue
        if not {"Authorization", "Cookie"} <= set(auth["authRequestHeaders"]):
            yield f"{identity(middleware)} does not see the login"
        if auth["authResponseHeaders"] != ["X-Auth-Request-Access-Token"]:
            yield f"{identity(middleware)} hands on {auth['authResponseHeaders']}"


def metrics_and_probes_are_not_for_the_world(tree: Tree) -> Iterator[str]:
    for _, route in routes(tree):
        host_only = re.fullmatch(r"Host\(`(heatpump|api)\.k12n\.com`\)", route["match"])
        everything = "Path" not in NEGATION.sub("", route["match"])
        closed = all(f"!PathPrefix(`{path}`)" in route["match"] for path in ("/metrics", "/health"))
        if "authentik.k12n.com" not in route["match"] and (host_only or (everything and not closed)):
            yield f"{route['match']} shows the metrics"


def the_proxy_lets_in_groups_and_sends_back_to_us(tree: Tree) -> Iterator[str]:
    for thing in tree.of_kind("Deployment"):
        if thing["metadata"]["name"] != "oauth2-proxy":
            continue
        args = containers(thing)[0]["args"]
        if not any(arg.startswith("--allowed-group=") for arg in args):
            yield "oauth2-proxy lets everybody in"
        for wanted in ("--cookie-samesite=lax", "--cookie-secure=true", "--code-challenge-method=S256"):
            if wanted not in args:
                yield f"oauth2-proxy does without {wanted}"
        if any("secret" in arg for arg in args):
            yield "oauth2-proxy has a secret among its arguments"
        if any("*" in arg for arg in args if arg.startswith(("--whitelist-domain", "--redirect-url"))):
            yield "oauth2-proxy sends people anywhere"
