"""From a request and a policy to a plan. Nothing runs here."""

from dataclasses import replace

from k8s.cards import Card, Waiting, fill, load_cards
from k8s.plan import STEP_SECONDS, Plan, Step
from k8s.policy import Policy
from k8s.refusal import RefusedError, nearest
from k8s.request import INTENTS, MEMBERS, RESOURCES, Request
from k8s.verbs import check_verb

# kubectl gets to say that it has waited long enough before its processes are ended.
GRACE_SECONDS = 5
DELETING = ("delete", "remove", "kill", "evict")
FLAGS = {"withSource": "--with-source", "comments": "--comments"}
KINDS = {
    "deployment": "Deployment",
    "statefulset": "StatefulSet",
    "daemonset": "DaemonSet",
    "pod": "Pod",
    "service": "Service",
}


def make_plan(request: Request, policy: Policy) -> Plan:
    """Return the plan of a request. Raises RefusedError if it makes no sense or the policy does not allow it."""
    _refuse_deleting(request, policy)
    request = _in_its_scope(request)
    card = _card_of(request)
    _check_members(request, card)
    policy.check(request)
    if request.intent.startswith("gh-"):
        request = replace(request, repo=policy.github_repo)
    values = _values(request, card)
    waiting = int(values.get("timeout", STEP_SECONDS))
    steps = tuple(_step(template, values, waiting) for template in card.argv)
    preview = tuple(_step(template, values, waiting) for template in card.preview)
    for step in (*steps, *preview):
        if step.argv:
            check_verb(step.argv)
    return Plan(
        intent=request.intent,
        resource=request.resource,
        namespace=request.namespace,
        target=_target(request),
        summary=" ".join(fill(card.summary, values)),
        risk=card.risk,
        changes=card.changes,
        checks=tuple(" ".join(fill(check, values)) for check in card.checks),
        steps=tuple(step for step in steps if step.argv),
        preview=preview,
        shows=card.shows,
        needs_confirmation=card.changes and policy.confirms(request),
    )


def _refuse_deleting(request: Request, policy: Policy) -> None:
    deleting = request.intent in DELETING
    if request.resource == "pod" and (deleting or request.intent == "restart"):
        owner = policy.owner_of(request.namespace, request.name or "")
        raise RefusedError(
            "Pods are not deleted: what owns a pod is restarted instead.",
            f"restart {owner.kind} {owner.name} -n {owner.namespace}" if owner else "restart the owner of the pod",
        )
    if request.resource == "namespace" and deleting:
        raise RefusedError("Namespaces are not deleted: all that is in one would be lost with it.")


def _in_its_scope(request: Request) -> Request:
    """Return the request with a namespace that is asked about as its name, since a namespace is in no namespace."""
    if request.resource != "namespace" or request.namespace is None:
        return request
    if request.name not in (None, request.namespace):
        raise RefusedError("name: not the same as namespace; a namespace is in no other.")
    return replace(request, name=request.namespace, namespace=None)


def _card_of(request: Request) -> Card:
    if request.intent not in INTENTS:
        raise RefusedError(f"intent: {request.intent} is not known; {nearest(request.intent, INTENTS)}")
    if request.resource not in RESOURCES:
        raise RefusedError(f"resource: {request.resource} is not known; {nearest(request.resource, RESOURCES)}")
    cards = load_cards()
    card = cards.get((request.intent, request.resource))
    if card is None:
        fitting = ", ".join(resource for intent, resource in cards if intent == request.intent)
        raise RefusedError(
            f"resource: {request.intent} makes no sense with a {request.resource}; it goes with {fitting}."
        )
    return card


def _check_members(request: Request, card: Card) -> None:
    given = _given(request)
    for name in given:
        if name not in card.members:
            raise RefusedError(f"{name}: makes no sense with {request.intent} of a {request.resource}.")
    for need in card.needs:
        if not any(name in given for name in need.split("|")):
            raise RefusedError(f"{need.replace('|', ' or ')}: missing.")
    if "name" in given and "selector" in given:
        raise RefusedError("selector: makes no sense together with a name.")


def _given(request: Request) -> dict[str, str | int]:
    """Return the members that say what to do, as a caller writes their names."""
    values = {name: getattr(request, member.attribute) for name, member in MEMBERS.items()}
    return {
        name: value
        for name, value in values.items()
        if value is not None and value is not False and name not in ("intent", "resource")
    }


def _values(request: Request, card: Card) -> dict[str, str]:
    """Return what the gaps of the card's templates are filled with. Numbers are written as decimals."""
    values = {MEMBERS[name].attribute: str(value) for name, value in {**card.defaults, **_given(request)}.items()}
    values.update({MEMBERS[name].attribute: flag for name, flag in FLAGS.items() if MEMBERS[name].attribute in values})
    values.update(resource=request.resource, target=_target(request))
    if request.resource in KINDS:
        values["kind"] = KINDS[request.resource]
    return values


def _step(template: str | Waiting, values: dict[str, str], waiting: int) -> Step:
    if isinstance(template, Waiting):
        return Step(fill(template.waits, values), waiting + GRACE_SECONDS)
    return Step(fill(template, values), min(waiting, STEP_SECONDS))


def _target(request: Request) -> str:
    """Return what the request is about, in words: `deployment/api`, `pods app=api`, `workflow 123`."""
    which = request.name or request.selector or request.workflow or request.run_id or request.pr_number
    if which is None:
        return f"all {request.resource}s"
    return f"{request.resource}/{which}"
