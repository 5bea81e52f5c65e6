"""`manage.py k8s restart deployment heatpump-settings-api -n heatpump-settings`"""

import signal
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from typing import Any

import msgspec
from django.core.management.base import BaseCommand

from k8s.management.report import report, report_readings
from k8s.tool import k8s_ask, k8s_exec

EXIT_CODES = {"planned": 0, "done": 0, "failed": 1, "refused": 3, "awaiting_confirmation": 4, "timed_out": 5, "asks": 6}
# Options that are members of a request under another name.
MEMBERS = {"with_source": "withSource"}


class Command(BaseCommand):
    help = (
        "Plan, and with --execute carry out, an operation on the cluster. What changes nothing runs at once; what "
        "changes something is only planned, until --execute is given and, where it is asked for, --confirm."
    )
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        codes = ", ".join(f"{code} {status.replace('_', ' ')}" for status, code in EXIT_CODES.items())
        return super().create_parser(
            prog_name,
            subcommand,
            formatter_class=RawDescriptionHelpFormatter,
            epilog=f"Exit codes: {codes}, 2 wrong arguments.",
            **kwargs,
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("intent", help="such as restart, diagnose, logs or scale; or ask, with a text")
        parser.add_argument("resource", help="such as deployment, pod, node, kustomization or workflow")
        parser.add_argument("name", nargs="?")
        parser.add_argument("-n", "--namespace")
        parser.add_argument("-l", "--selector", help="labels, such as app=bridge")
        parser.add_argument("-c", "--container")
        parser.add_argument("--replicas", type=int)
        parser.add_argument("--tail", type=int, help="lines of a log")
        parser.add_argument("--since", help="a duration, such as 10m")
        parser.add_argument("--timeout", help="how long to wait, such as 2m")
        parser.add_argument("--with-source", action="store_true", help="have Flux fetch from Git first")
        parser.add_argument("--repo", help="owner/name")
        parser.add_argument("--workflow", help="the file or the name of a workflow")
        parser.add_argument("--run-id")
        parser.add_argument("--limit", type=int, help="how many to list")
        parser.add_argument("--pr-number")
        parser.add_argument("--comments", action="store_true", help="of a pull request")
        parser.add_argument("--execute", action="store_true", help="carry it out")
        parser.add_argument("--dry-run", action="store_true", help="only plan, also what changes nothing")
        parser.add_argument("--confirm", metavar="HASH", help="what the plan was shown with; good for ten minutes")
        parser.add_argument("--json", action="store_true", help="the answer as JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        # What runs is ended and the audit log gets its line, as with Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if options["intent"] == "ask":
            understood = k8s_ask(options["resource"])
            self._write(understood, report_readings, options)
            status = "refused" if understood["refused"] else "asks" if understood["question"] else "planned"
        else:
            answer = k8s_exec(request_of(options))
            self._write(answer, report, options)
            status = answer["status"]
        if code := EXIT_CODES[status]:
            sys.exit(code)

    def _write(
        self, answer: dict[str, Any], in_lines: Callable[[dict[str, Any]], str], options: dict[str, Any]
    ) -> None:
        as_json = msgspec.json.format(msgspec.json.encode(answer)).decode() if options["json"] else None
        self.stdout.write(as_json or in_lines(answer))


def request_of(options: dict[str, Any]) -> dict[str, Any]:
    """Return the request that a command line describes; what is wrong with it, the tool will say."""
    names = (
        *("intent", "resource", "name", "namespace", "selector", "container", "replicas", "tail", "since", "timeout"),
        *("with_source", "repo", "workflow", "run_id", "limit", "pr_number", "comments"),
    )
    given = [name for name in names if options[name] is not None and options[name] is not False]
    request = {MEMBERS.get(name, name): options[name] for name in given}
    constraints: dict[str, Any] = {}
    if options["execute"] or options["dry_run"]:
        constraints["dryRun"] = not options["execute"] or options["dry_run"]
    if options["confirm"] is not None:
        constraints["confirm"] = options["confirm"]
    return {**request, "constraints": constraints}
