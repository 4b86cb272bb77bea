import json
import socket
import threading
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from av_td3.watch.live_state import LiveRun
from av_td3.watch.server import WatchServer
from tests.watch.frames import run_folder, show


@contextmanager
def served(folder):
    with WatchServer(LiveRun(folder), 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def server(tmp_path):
    with served(run_folder(tmp_path)) as server:
        yield server


def ask(server, path, method="GET"):
    connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def test_the_page_and_all_it_loads_come_from_below_the_token(server):
    status, headers, page = ask(server, f"/{server.token}/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    for name in ("page.css", "page.js"):
        assert f'"{name}"'.encode() in page
        assert ask(server, f"/{server.token}/{name}")[0] == 200
    assert b"http" not in page  # nothing from elsewhere


def test_the_page_may_load_nothing_from_elsewhere_and_leaks_no_address(server):
    _, headers, _ = ask(server, f"/{server.token}/")
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("no-referrer", "no-store")
    assert headers["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize(
    "path", ["/", "/state", "/wrong/", "/wrong/state", "//", "/TOKEN", "/TOKENx/state", "/TOKE/state", "//["]
)
def test_without_the_right_token_nothing_is_found(server, path):
    path = path.replace("TOKEN", server.token).replace("TOKE", server.token[:-1])
    assert ask(server, path)[0] == 404


def test_two_servers_have_two_tokens(tmp_path):
    run = LiveRun(run_folder(tmp_path))
    with WatchServer(run, 0) as first, WatchServer(run, 0) as second:
        assert first.token != second.token
        assert len(first.token) >= 20


@pytest.mark.parametrize(
    "path", ["../status.json", "..%2fstatus.json", "status.json", "page.css/../server.py", "static/page.js", "/etc/passwd"]
)
def test_no_other_file_is_served(server, path):
    assert ask(server, f"/{server.token}/{path}")[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_only_get_is_answered(server, method):
    assert ask(server, f"/{server.token}/state", method)[0] == 501


def test_it_listens_on_loopback_only(server):
    assert server.server_address[0] == "127.0.0.1"
    with socket.socket() as probe:
        probe.settimeout(1.0)
        assert probe.connect_ex(("127.0.0.2", server.port)) != 0


def test_the_state_is_that_of_the_environment_asked_for(tmp_path):
    folder = run_folder(tmp_path)
    show(folder, 40)
    show(folder, 50, env_index=1)
    with served(folder) as server:
        states = [json.loads(ask(server, f"/{server.token}/state?env={env_index}")[2]) for env_index in (0, 1, 7)]
        assert [ask(server, f"/{server.token}/state?env={env_index}")[0] for env_index in ("-1", "a", "..")] == [404] * 3
    assert [state["frame"] and state["frame"]["step"] for state in states] == [40, 50, None]
    assert states[0]["environments"] == [0, 1]


def test_the_map_is_that_of_the_run(server):
    assert json.loads(ask(server, f"/{server.token}/map")[2])["lanes"][0] == [[0.0, 48.0], [200.0, 48.0]]


def test_only_a_page_that_asks_counts_as_watching(tmp_path):
    folder = run_folder(tmp_path)
    with served(folder) as server:
        ask(server, f"/{server.token}/")
        assert not (folder / "live").exists()
        ask(server, f"/{server.token}/state")
        assert (folder / "live" / "watched").is_file()


def test_a_folder_that_is_gone_is_an_answer_and_not_the_end_of_the_server(tmp_path):
    folder = run_folder(tmp_path)
    with served(folder) as server:
        folder.rename(tmp_path / "elsewhere")
        assert ask(server, f"/{server.token}/state")[0] == 503
        (tmp_path / "elsewhere").rename(folder)
        assert ask(server, f"/{server.token}/state")[0] == 200
