"""A GitHub for tests, which the real gh talks to through a Unix socket (`http_unix_socket` of its configuration)."""

import json
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

RUN = {
    "id": 123,
    "name": "ci",
    "display_title": "Store rooms",
    "status": "completed",
    "conclusion": "success",
    "head_branch": "main",
    "event": "push",
    "run_number": 1,
    "run_attempt": 1,
    "workflow_id": 9,
    "jobs_url": "https://api.github.com/repos/owner/name/actions/runs/123/jobs",
    "created_at": "2026-11-23T08:00:00Z",
    "updated_at": "2026-11-23T08:01:00Z",
    "run_started_at": "2026-11-23T08:00:00Z",
    "head_sha": "abc",
    "head_commit": {"id": "abc", "message": "m"},
    "repository": {"name": "name", "owner": {"login": "owner"}},
    "head_repository": {"name": "name", "owner": {"login": "owner"}},
}
WORKFLOW = {"id": 9, "name": "ci", "path": ".github/workflows/ci.yml", "state": "active", "html_url": "x"}
EMPTY = {"nodes": [], "totalCount": 0, "pageInfo": {"hasNextPage": False}}
PULL_REQUEST = {
    "id": "1",
    "number": 126,
    "title": "Add rooms",
    "state": "OPEN",
    "url": "u",
    "body": "b",
    "headRefName": "rooms",
    "baseRefName": "main",
    "author": {"login": "alice", "name": "Alice", "id": "1"},
    "isDraft": False,
    "headRepositoryOwner": {"login": "owner"},
    "isCrossRepository": False,
    "createdAt": "2026-11-23T08:00:00Z",
    "commits": {"totalCount": 1},
    "reactionGroups": [],
    "additions": 1,
    "deletions": 1,
    **dict.fromkeys(("comments", "reviews", "labels", "assignees", "projectCards", "reviewRequests"), EMPTY),
}
RUNS = "/repos/owner/name/actions/runs"
ANSWERS: dict[str, Any] = {
    RUNS: {"total_count": 1, "workflow_runs": [RUN]},
    f"{RUNS}/123": RUN,
    f"{RUNS}/123/jobs": {"total_count": 0, "jobs": []},
    f"{RUNS}/123/artifacts": {"total_count": 0, "artifacts": []},
    "/repos/owner/name/actions/workflows": {"total_count": 1, "workflows": [WORKFLOW]},
    "/repos/owner/name/actions/workflows/ci.yml": WORKFLOW,
    "/repos/owner/name/actions/workflows/9": WORKFLOW,
    "/repos/owner/name/actions/workflows/9/runs": {"total_count": 1, "workflow_runs": [RUN]},
    "/repos/owner/name/actions/workflows/ci.yml/runs": {"total_count": 1, "workflow_runs": [RUN]},
}


class FakeGitHub(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), Handler)
        self.seen: list[tuple[str, str, str]] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeGitHub

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        path = self.path.partition("?")[0]
        self.server.seen.append((self.command, self.path, body))
        found = graphql(body) if path.endswith("/graphql") else ANSWERS.get(path)
        content = json.dumps({"message": "Not Found"} if found is None else found).encode()
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    setattr(Handler, f"do_{method}", Handler.answer)


def graphql(body: str) -> Any:
    query = json.loads(body)["query"]
    if "__type(" in query or "__schema" in query:
        names = ("PullRequest", "StatusCheckRollupContextConnection", "Repository")
        return {"data": {name: {"fields": []} for name in names}}
    found = {"pullRequest": PULL_REQUEST, "pullRequests": {**EMPTY, "totalCount": 1, "nodes": [PULL_REQUEST]}}
    return {"data": {"repository": found}}


@contextmanager
def running() -> Iterator[tuple[FakeGitHub, Path]]:
    """Run one; give it and a directory for GH_CONFIG_DIR. The path of a socket may have some 100 characters only."""
    with tempfile.TemporaryDirectory(prefix="gh-") as name, FakeGitHub(Path(name) / "socket") as server:
        (Path(name) / "config.yml").write_text(f"http_unix_socket: {name}/socket\nprompt: disabled\n")
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server, Path(name)
        server.shutdown()
