"""A stand-in for the model's API: it answers with what a test says, and keeps what it was asked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class StandIn:
    """The API at `url`. `findings` or `text` are what it answers; `status` and `stop_reason` say how it goes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.findings: list[dict[str, Any]] = []
        self.text: str | None = None
        self.status = 200
        self.stop_reason = "end_turn"
        self.asked: list[dict[str, Any]] = []

    def answer(self) -> dict[str, Any]:
        """Return a message as the API documents it: https://platform.claude.com/docs/en/api/messages"""
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "a-model",
            "content": [{"type": "text", "text": self.text or json.dumps({"findings": self.findings})}],
            "stop_reason": self.stop_reason,
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }


@contextmanager
def serving() -> Iterator[StandIn]:
    """Serve on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps(made.answer()).encode()
            self.send_response(made.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = StandIn(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
