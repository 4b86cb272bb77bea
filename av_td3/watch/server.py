"""The web server of ``av-td3 watch``. It listens on loopback only, answers GET only, and only under a random token."""

import json
import re
import secrets
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from av_td3.runs.town_map import read_lanes
from av_td3.watch.live_state import LiveRun

LOOPBACK = "127.0.0.1"
TOKEN_BYTES = 16
STATIC = {  # files of this package, by their path below the token, with their types
    "": ("page.html", "text/html; charset=utf-8"),
    "page.css": ("page.css", "text/css; charset=utf-8"),
    "page.js": ("page.js", "text/javascript; charset=utf-8"),
}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the address holds the token
    "X-Content-Type-Options": "nosniff",
}
ENV_INDEX = re.compile(r"\d{1,6}", re.ASCII)


class Answer(NamedTuple):
    """Content type and body of a page that exists."""

    kind: str
    body: bytes


class WatchServer(ThreadingHTTPServer):
    """Serves the page of one run.

    Args:
        run: what is shown.
        port: to listen on; 0 takes a free one.

    Raises:
        OSError: it cannot listen there.

    Attributes:
        token: the first part of every path.

    """

    daemon_threads = True

    def __init__(self, run: LiveRun, port: int):
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        super().__init__((LOOPBACK, port), partial(_Request, self.token, partial(answer, run)))

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        """The address of the page."""
        return f"http://{LOOPBACK}:{self.port}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing where a browser has closed the connection."""


def answer(run: LiveRun, path: str, query: str) -> Answer | None:
    """The answer to a request for a path below the token; None where there is no such page."""
    if path in STATIC:
        name, kind = STATIC[path]
        return Answer(kind, (files("av_td3.watch") / "static" / name).read_bytes())
    if path == "map":
        return _json({"lanes": [lane.tolist() for lane in read_lanes(run.folder)]})
    if path == "state":
        env_index = parse_qs(query).get("env", ["0"])[0]
        if ENV_INDEX.fullmatch(env_index):
            run.keep_watching()
            return _json(run.content(int(env_index)))
    return None


def _json(content: dict[str, Any]) -> Answer:
    return Answer("application/json", json.dumps(content, allow_nan=False).encode())


class _Request(BaseHTTPRequestHandler):
    server_version, sys_version = "av-td3", ""
    protocol_version = "HTTP/1.1"
    timeout = 30.0  # s that a connection may be silent

    def __init__(self, token: str, answer: Callable[[str, str], Answer | None], *arguments: Any):
        self._token, self._answer = token.encode(), answer
        super().__init__(*arguments)

    def do_GET(self) -> None:
        path, query = self._path_and_query()
        try:
            found = None if path is None else self._answer(path, query)
        except OSError:  # the run's folder is gone, or not writable
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, Answer("text/plain", b""))
            return
        self._send(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND, found or Answer("text/plain", b"not found\n"))

    def _path_and_query(self) -> tuple[str | None, str]:
        """The path below the token, None without the right one, and the query."""
        try:
            address = urlsplit(self.path)
        except ValueError:
            return None, ""
        token, slash, path = address.path.removeprefix("/").partition("/")
        is_right = secrets.compare_digest(token.encode(errors="replace"), self._token)
        return path if slash and is_right else None, address.query

    def _send(self, status: HTTPStatus, answer: Answer) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Print no line per request."""
