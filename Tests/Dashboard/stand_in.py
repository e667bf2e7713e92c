#!/usr/bin/env python3
"""Serves the dashboard's files and a made-up mesh where a real controller would not do: two hundred sites on a small machine,
and agents that are hostile. For tests only; the same routes, headers and bodies as warrend's."""

import argparse
import json
import pathlib
import queue
import re
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from made_up_details import Details

WEB = pathlib.Path(__file__).resolve().parents[2] / "Sources" / "Dashboard" / "Web"
D3 = pathlib.Path("/usr/share/nodejs/d3/dist/d3.min.js")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class StandIn:
    def __init__(self, mesh, token=None, role="operator", has_d3=True):
        self.mesh, self.token, self.role, self.has_d3 = mesh, token, role, has_d3
        self.listeners, self.commands, self.lock = [], [], threading.Lock()
        self.has_stream = True

    def tell(self, kind, value):
        for listener in list(self.listeners):
            listener.put((kind, value))

    def change(self, link, state, reason=None):
        with self.lock:
            self.mesh.set_link(link, state, reason)
            self.tell("links", [self.mesh.link_status(link)])
            self.tell("events", self.mesh.events[-1:])

    def answer(self, method, path, query):
        mesh = self.mesh
        if path == "/v1/whoami":
            return {"name": "test", "role": self.role, "means": "session" if self.token else "socket"}
        if path == "/v1/status":
            return mesh.status()
        if path == "/v1/rollouts":
            return [mesh.rollout()]
        if path == "/v1/rollouts/current/events":
            return {"next": "x", "events": mesh.events, "rollout": mesh.rollout()}
        if found := re.fullmatch(r"/v1/rollouts/current/(pause|resume|abort|rollback)", path):
            self.commands.append(found[1])
            mesh.rollout_status = {"pause": "paused", "resume": "running", "abort": "aborted", "rollback": "rolledBack"}[
                found[1]
            ]
            self.tell("rollout", mesh.rollout())
            return mesh.rollout()
        if re.fullmatch(r"/v1/rollouts/(current|7)", path):
            return mesh.rollout()
        if path == "/v1/addresses":
            return mesh.addresses()
        if path == "/v1/events":
            return [event for event in mesh.events if event["number"] > int(query.get("since", 0))]
        if found := re.fullmatch(r"/v1/links/([^/]+)(/samples)?", path):
            link = mesh.find(urllib.parse.unquote(found[1]))
            if link is None:
                return None
            step = int(query.get("step", 10))
            return (
                mesh.samples(link, {10: 3600, 60: 21600, 900: 7 * 86400}.get(step, 3600), step)
                if found[2]
                else mesh.link_details(link)
            )
        if found := re.fullmatch(r"/v1/gateways/([^/]+)", path):
            return mesh.gateway(found[1]) if found[1] in mesh.names else None
        if path == "/v1/plan":
            return (
                {"current": 7, "assignments": {}, "changes": mesh.changes()} if method == "POST" else mesh.plan(query["site"])
            )
        if path == "/v1/generations":
            return mesh.generations()
        if found := re.fullmatch(r"/v1/generations/([1-7])", path):
            return mesh.generation(int(found[1]))
        if path == "/v1/changes":
            return {"from": int(query["from"]), "to": int(query["to"]), "changes": mesh.changes()}
        return None

    def server(self, port=0):
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def send(self, status, body, kind="application/json", more=()):
                self.send_response(status)
                for name, value in [
                    ("Content-Type", kind),
                    ("Content-Length", str(len(body))),
                    ("Content-Security-Policy", POLICY),
                    ("X-Content-Type-Options", "nosniff"),
                    ("Cache-Control", "no-store"),
                    *more,
                ]:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def problem(self, status, title, detail):
                self.send(
                    status,
                    json.dumps({"title": title, "status": status, "detail": detail}).encode(),
                    "application/problem+json",
                )

            def serve(self, method):
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                path, _, text = self.path.partition("?")
                query = dict(urllib.parse.parse_qsl(text))
                if path == "/" or path.startswith("/assets/"):
                    return self.file("index.html" if path == "/" else path.removeprefix("/assets/"))
                if path == "/v1/session":
                    return self.session(method)
                if stand_in.token and "warren=open" not in (self.headers.get("Cookie") or ""):
                    return self.problem(401, "Unauthorized", "a credential is needed")
                if path == "/v1/stream":
                    return self.stream() if stand_in.has_stream else self.problem(404, "Not Found", "there is no such route")
                with stand_in.lock:
                    answer = stand_in.answer(method, path, query)
                if answer is None:
                    return self.problem(404, "Not Found", "there is no such thing")
                return self.send(200, json.dumps(answer).encode())

            def file(self, name):
                if name == "d3.min.js":
                    return self.send(200, D3.read_bytes() if stand_in.has_d3 else b"// not installed\n", TYPES[".js"])
                if not re.fullmatch(r"[a-z0-9-]+\.[a-z]+", name) or not (WEB / name).is_file():
                    return self.problem(404, "Not Found", "there is no such file")
                return self.send(200, (WEB / name).read_bytes(), TYPES[pathlib.Path(name).suffix])

            def session(self, method):
                if method == "DELETE":
                    return self.send(204, b"", more=[("Set-Cookie", "warren=; Max-Age=0; Path=/")])
                if self.headers.get("Authorization") != f"Bearer {stand_in.token}":
                    return self.problem(401, "Unauthorized", "this token is not known")
                return self.send(200, b"{}", more=[("Set-Cookie", "warren=open; HttpOnly; SameSite=Strict; Path=/")])

            def stream(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                listener = queue.Queue()
                stand_in.listeners.append(listener)
                number = 0
                listener.put(("hello", {}))
                try:
                    while stand_in.has_stream:
                        try:
                            kind, value = listener.get(timeout=1)
                            number += 1
                            self.wfile.write(f"id: {number}\nevent: {kind}\ndata: {json.dumps(value)}\n\n".encode())
                        except queue.Empty:
                            self.wfile.write(b": here\n\n")
                        self.wfile.flush()
                except OSError:
                    pass
                finally:
                    stand_in.listeners.remove(listener)

            def do_GET(self):
                self.serve("GET")

            def do_POST(self):
                self.serve("POST")

            def do_DELETE(self):
                self.serve("DELETE")

        class Server(ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                """A browser that goes away in the middle of an answer is no fault."""
                if not isinstance(sys.exc_info()[1], ConnectionError):
                    super().handle_error(request, client_address)

        server = Server(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sites", type=int, default=5)
    arguments.add_argument("--port", type=int, default=8080)
    options = arguments.parse_args()
    server = StandIn(Details(options.sites)).server(options.port)
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
