"""What must be true of the workflows: each rule takes them and says, in sentences, what is wrong."""

import re
from collections.abc import Callable, Iterator

from tests.workflows.workflows import Workflows

Rule = Callable[[Workflows], Iterator[str]]

USES = re.compile(r"^\s*(?:- )?uses: (?P<what>.*)$", re.MULTILINE)
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
OF_THIS_REPOSITORY = re.compile(r"\$/\.github/actions/[\w-]+")

EVENTS = {"push", "pull_request"}
"""No other: `pull_request_target` and `workflow_run` give what strangers propose the rights of main."""

WRITES = {
    "ci.yml: image": {"packages"},
    "ci.yml: index": {"packages"},
    "ci.yml: pin": {"contents", "pull-requests"},
}
SECRETS = {"review.yml": {"ANTHROPIC_API_KEY"}}


def actions_are_pinned_by_hash(workflows: Workflows) -> Iterator[str]:
    for path in workflows.files:
        for use in USES.finditer(path.read_text()):
            if not PINNED.fullmatch(use["what"]) and not OF_THIS_REPOSITORY.fullmatch(use["what"]):
                yield f"{path.name} uses {use['what']}, which somebody else can change"


def versions_of_actions_agree(workflows: Workflows) -> Iterator[str]:
    seen: dict[str, str] = {}
    for path in workflows.files:
        for use in USES.finditer(path.read_text()):
            action, _, version = use["what"].partition("@")
            if seen.setdefault(action, version) != version:
                yield f"{path.name} uses {action} at {version}, another one at {seen[action]}"


def only_harmless_events_start_them(workflows: Workflows) -> Iterator[str]:
    for file, workflow in workflows.workflows.items():
        if others := workflow["on"].keys() - EVENTS:
            yield f"{file} starts by {', '.join(others)}"


def jobs_may_do_what_they_need(workflows: Workflows) -> Iterator[str]:
    for file, workflow in workflows.workflows.items():
        if workflow.get("permissions") != {}:
            yield f"{file} gives its jobs what they do not ask for"
    for name, job in workflows.jobs():
        permissions = job.get("permissions", {})
        if not permissions:
            yield f"{name} does not say what it may do"
        writes = {scope for scope, access in permissions.items() if access != "read"}
        if writes != WRITES.get(name, set()):
            yield f"{name} may write {writes or 'nothing'}"


def jobs_end(workflows: Workflows) -> Iterator[str]:
    for name, job in workflows.jobs():
        if not str(job.get("timeout-minutes", "")).isdigit():
            yield f"{name} may run for six hours"
    for file, workflow in workflows.workflows.items():
        if "concurrency" not in workflow:
            yield f"{file} goes on with what is outdated"


def checkouts_leave_no_credential(workflows: Workflows) -> Iterator[str]:
    for name, step in workflows.steps():
        checks_out = step.get("uses", "").startswith("actions/checkout@")
        if checks_out and step.get("with", {}).get("persist-credentials") != "false":
            yield f"{name} leaves its token in .git"


def secrets_are_where_they_are_needed(workflows: Workflows) -> Iterator[str]:
    for path in workflows.files:
        found = set(re.findall(r"\bsecrets\.(\w+)", path.read_text()))
        if found != SECRETS.get(path.name, set()) or re.search(r"\bsecrets(\[|:|\s*\))", path.read_text()):
            yield f"{path.name} reads {found or 'no secrets'}"
    for name, job in workflows.jobs():
        around = str({key: value for key, value in job.items() if key != "steps"})
        if "secrets." in around:
            yield f"{name} gives a secret to all of its steps"


def what_is_published_has_been_tested(workflows: Workflows) -> Iterator[str]:
    for name in WRITES:
        file, _, job = name.partition(": ")
        if job not in workflows.workflows[file]["jobs"]:
            yield f"{name} is gone"
        elif not {"tests", "version"} <= workflows.before(file, job):
            yield f"{name} does not wait for the tests"
    jobs = workflows.workflows["ci.yml"]["jobs"]
    if jobs["version"].get("if") != (
        "github.event_name == 'push' && (github.ref == 'refs/heads/main' || github.ref_type == 'tag')"
    ):
        yield "something other than main and releases is published"
    if jobs["pin"].get("if") != "github.ref_type == 'tag'":
        yield "something other than a release is pinned"


def tests_run_all_of_ci_with_all_of_the_history(workflows: Workflows) -> Iterator[str]:
    tests = workflows.workflows["ci.yml"]["jobs"]["tests"]
    if "if" in tests or "continue-on-error" in str(tests) or tests["steps"][-1] != {"run": ".ci/run"}:
        yield "the tests can be passed by"
    if not any(step.get("with", {}).get("fetch-depth") == 0 for step in tests["steps"]):
        yield "the tests see no history"
    if workflows.workflows["ci.yml"]["on"].get("push", {}).get("branches") != ["**"]:
        yield "the tests do not run on every push"


def tests_may_mount_what_they_need(workflows: Workflows) -> Iterator[str]:
    """Docker leaves root neither; tests of full disks and of the image's read-only root file system take both."""
    container = workflows.workflows["ci.yml"]["jobs"]["tests"].get("container", {})
    options = container.get("options", "") if isinstance(container, dict) else ""
    for wanted in ("--cap-add SYS_ADMIN", "--cap-add DAC_READ_SEARCH", "--security-opt apparmor=unconfined"):
        if wanted not in options:
            yield f"the tests run without {wanted}"


def the_review_runs_nothing_of_the_proposal(workflows: Workflows) -> Iterator[str]:
    checkout, back, *others = workflows.workflows["review.yml"]["jobs"]["architecture"]["steps"]
    if not checkout.get("uses", "").startswith("actions/checkout@"):
        yield "the review does not begin with the checkout"
    if back.get("run") != 'git checkout --quiet --detach "$BASE"':
        yield "the review does not go back to the base at once"
    if any("uses" in step for step in others):
        yield "the review uses another action beside the key"


RULES: list[Rule] = [
    actions_are_pinned_by_hash,
    versions_of_actions_agree,
    only_harmless_events_start_them,
    jobs_may_do_what_they_need,
    jobs_end,
    checkouts_leave_no_credential,
    secrets_are_where_they_are_needed,
    what_is_published_has_been_tested,
    tests_run_all_of_ci_with_all_of_the_history,
    tests_may_mount_what_they_need,
    the_review_runs_nothing_of_the_proposal,
]
