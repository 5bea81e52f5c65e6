"""From requests to argument lists, and what is refused on the way. Nothing runs here."""

import time
from typing import Any

import pytest

from k8s.cards import load_cards
from k8s.plan import Plan
from k8s.planner import make_plan
from k8s.policy import DEFAULT_POLICY, load_policy
from k8s.refusal import RefusedError
from k8s.request import INTENTS, InvalidRequestError, parse_request
from k8s.verbs import PROGRAMS, check_verb

API = {"resource": "deployment", "namespace": "homelab", "name": "api"}


def planned(**request: Any) -> Plan:
    return make_plan(parse_request(request), load_policy())


def refusal(**request: Any) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        planned(**request)
    return refused.value


def test_each_intent_has_a_card_with_examples_and_uses_an_allowed_verb() -> None:
    cards = load_cards()
    assert {intent for intent, _ in cards} == set(INTENTS)
    for card in cards.values():
        assert card.examples
        assert card.changes == (card.risk != "none")
        assert bool(card.preview) == card.changes


def test_examples_are_not_shared_between_cards() -> None:
    cards = {id(card): card for card in load_cards().values()}
    examples = [example.lower() for card in cards.values() for example in card.examples]
    assert len(examples) == len(set(examples))


def test_the_policy_of_the_app_is_good_and_names_only_what_it_allows() -> None:
    policy = load_policy(DEFAULT_POLICY)
    assert {item.namespace for item in policy.inventory} <= set(policy.namespaces)


def test_a_plan_is_made_fast_once_the_cards_are_read() -> None:
    planned(intent="status", **API)
    started = time.process_time()
    for _ in range(20):
        planned(intent="restart", **API)
    assert (time.process_time() - started) / 20 < 0.02


@pytest.mark.parametrize(
    ("request_", "command"),
    [
        (
            {"intent": "restart", **API},
            "kubectl rollout restart deployment/api -n homelab && "
            "kubectl rollout status deployment/api -n homelab --timeout=120s",
        ),
        (
            {"intent": "logs", **API, "container": "web", "since": "10m", "tail": 7},
            "kubectl logs deployment/api -n homelab -c web --tail=7 --since=10m",
        ),
        (
            {"intent": "logs", "resource": "pod", "namespace": "homelab", "selector": "app=api,tier!=web"},
            "kubectl logs -l 'app=api,tier!=web' -n homelab --tail=50",
        ),
        ({"intent": "top", "resource": "node"}, "kubectl top node"),
        (
            {"intent": "top", "resource": "pod", "namespace": "homelab", "name": "api-1"},
            "kubectl top pod api-1 -n homelab",
        ),
        (
            {"intent": "events", "resource": "namespace", "namespace": "homelab"},
            "kubectl get event -n homelab --sort-by=.lastTimestamp",
        ),
        (
            {"intent": "gh-run-list", "resource": "workflow", "workflow": "Build all"},
            "gh run list --limit 10 --workflow 'Build all' --repo owner/name",
        ),
    ],
)
def test_a_plan_is_written_as_a_person_would_type_it(request_: dict[str, Any], command: str) -> None:
    assert planned(**request_).command == command


# Traps of the tools


def test_a_restart_is_previewed_by_reading_and_asking() -> None:
    get, ask = (step.argv for step in planned(intent="restart", **API).preview)
    assert get == ("kubectl", "get", "deployment/api", "-n", "homelab")
    assert ask == ("kubectl", "auth", "can-i", "patch", "deployment/api", "-n", "homelab")


@pytest.mark.parametrize("intent", ["scale", "cordon", "uncordon", "drain", "job-restart"])
def test_what_kubectl_can_try_it_tries_on_the_server(intent: str) -> None:
    resource = {"scale": "deployment", "job-restart": "job"}.get(intent, "node")
    where = {"name": "p0.local"} if resource == "node" else {"namespace": "homelab", "name": "api"}
    count = {"replicas": 1} if intent == "scale" else {}
    first = planned(intent=intent, resource=resource, **where, **count).preview[0]
    assert first.argv[-1] == "--dry-run=server"


def test_a_restart_without_a_name_is_refused() -> None:
    assert refusal(intent="restart", resource="deployment", namespace="homelab").reason == "name: missing."


def test_no_namespace_is_taken_for_granted() -> None:
    assert refusal(intent="restart", resource="deployment", name="api").reason == "namespace: missing."
    with pytest.raises(InvalidRequestError, match="namespace"):
        parse_request({"intent": "restart", "resource": "deployment", "namespace": "", "name": "api"})


@pytest.mark.parametrize("replicas", ["3", "010", "0x10", 3.0, True, -1])
def test_replicas_are_whole_numbers_and_written_as_decimals(replicas: Any) -> None:
    with pytest.raises(InvalidRequestError, match="replicas"):
        parse_request({"intent": "scale", **API, "replicas": replicas})
    assert "--replicas=3" in planned(intent="scale", **API, replicas=3).steps[0].argv


def test_kind_and_name_are_one_element_wherever_kubectl_takes_them_so() -> None:
    for intent in ("restart", "describe", "logs", "status", "diagnose"):
        assert "deployment/api" in planned(intent=intent, **API).steps[0].argv


@pytest.mark.parametrize("name", ["api\n", "-api", "api-", "Api", "a" * 254, "a..b", ".a", "a_b", ""])
def test_a_name_is_one_of_rfc_1123_to_its_end(name: str) -> None:
    with pytest.raises(InvalidRequestError, match="name"):
        parse_request({"intent": "status", **API, "name": name})


def test_what_waits_for_ever_is_bounded() -> None:
    restart, rollout = planned(intent="restart", **API, timeout=30).steps
    assert (restart.seconds, rollout.seconds) == (15, 35)
    assert "--timeout=30s" in rollout.argv
    assert planned(intent="logs", **API).steps[0].seconds == 15
    assert "--watch=false" in planned(intent="status", **API).steps[1].argv


# What the policy refuses


def test_a_pod_is_not_deleted_and_its_owner_is_suggested() -> None:
    for intent in ("restart", "delete"):
        refused = refusal(intent=intent, resource="pod", namespace="homelab", name="api-admin-6d5f9c7b8-x2k4j")
        assert refused.suggestion == "restart deployment api-admin -n homelab"


def test_a_namespace_is_not_deleted() -> None:
    assert "not deleted" in refusal(intent="delete", resource="namespace", name="homelab").reason


def test_an_unknown_namespace_is_refused_with_the_nearest() -> None:
    refused = refusal(intent="logs", resource="pod", namespace="homelap", name="x")
    assert refused.reason == "namespace: homelap is unknown and so forbidden; did you mean homelab?"


@pytest.mark.parametrize(
    ("request_", "part"),
    [
        (
            {"intent": "restart", "resource": "deployment", "namespace": "monitoring", "name": "x"},
            "not allowed in monitoring",
        ),
        ({"intent": "cordon", "resource": "node", "name": "p9.local"}, "did you mean"),
        ({"intent": "scale", **API, "replicas": 6}, "at most 5"),
        ({"intent": "gh-pr-list", "resource": "pull-request", "repo": "owner/other"}, "only owner/name"),
        ({"intent": "restart", "resource": "node", "name": "p0.local"}, "makes no sense with a node"),
        (
            {"intent": "drain", "resource": "node", "name": "p0.local", "namespace": "homelab"},
            "namespace: makes no sense",
        ),
        ({"intent": "status", **API, "selector": "app=api"}, "together with a name"),
        ({"intent": "restart", **API, "tail": 3}, "tail: makes no sense"),
        ({"intent": "logs", "resource": "pod", "namespace": "homelab"}, "name or selector: missing"),
        ({"intent": "restrat", **API}, "did you mean restart"),
        ({"intent": "restart", **API, "resource": "deploy"}, "did you mean deployment"),
        ({"intent": "flux-suspend", "resource": "kustomization", "namespace": "homelab", "name": "x"}, "not allowed"),
        ({"intent": "describe", "resource": "namespace", "name": "kube-system"}, "no namespace of the policy"),
    ],
)
def test_what_makes_no_sense_or_is_not_allowed_is_refused(request_: dict[str, Any], part: str) -> None:
    assert part in refusal(**request_).reason


@pytest.mark.parametrize(
    "argv",
    [
        ("kubectl", "delete", "pod/api-1", "-n", "homelab"),
        ("kubectl", "delete", "namespace/homelab"),
        ("kubectl", "get", "secret/db", "-n", "homelab"),
        ("kubectl", "exec", "pod/api-1"),
        ("kubectl", "rollout", "restart", "-n", "homelab"),
        ("kubectl", "rollout", "undo", "deployment/api"),
        ("flux", "delete", "kustomization", "apps"),
        ("gh", "run", "cancel", "1"),
        ("gh", "pr", "merge", "1"),
        ("sh", "-c", "id"),
    ],
)
def test_a_card_cannot_bring_in_a_verb_or_resource_that_is_not_allowed_at_all(argv: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError, match="allowed at all"):
        check_verb(argv)
    assert PROGRAMS == ("kubectl", "flux", "gh")
