#!/usr/bin/env python3
"""Holds a real warrend against its own OpenAPI description with schemathesis (PyPI): no failure of the server, no answer that the
description does not have, no request accepted that it forbids.

    run.py WARREND SCHEMATHESIS INVENTORY [OPTIONS FOR SCHEMATHESIS]
"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request

warrend, schemathesis, inventory, *options = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


with tempfile.TemporaryDirectory() as folder:
    port = free_port()
    state = os.path.join(folder, "state")
    process = subprocess.Popen(
        [warrend, "--state", state, "--api-socket", os.path.join(folder, "api.sock"), "--agent-listen", "127.0.0.1:0",
         "--enrol-listen", "127.0.0.1:0", "--dashboard-listen", f"127.0.0.1:{port}"],
        stderr=subprocess.PIPE, text=True)
    try:
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "api=" in line:
                break
        else:
            sys.exit("warrend did not start:\n" + "".join(lines))
        reader = threading.Thread(target=lambda: lines.extend(process.stderr), daemon=True)
        reader.start()
        base = f"http://127.0.0.1:{port}"
        with open(os.path.join(state, "api-token")) as file:
            token = file.read().strip()
        with open(inventory) as file:
            body = {"expected": 0, "files": [{"name": os.path.basename(inventory), "text": file.read()}]}
        request = urllib.request.Request(
            base + "/v1/generations", json.dumps(body).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        urllib.request.urlopen(request).read()
        # So many credentials that are not good are answered 429 after a while; AccessTests asks for every route without one.
        result = subprocess.run(
            [schemathesis, "--config-file", os.path.join(here, "schemathesis.toml"), "run", base + "/v1/openapi.json",
             "--checks", "all", "--exclude-checks", "ignored_auth", *options], env={**os.environ, "WARREN_TOKEN": token}, cwd=folder)
        status = result.returncode
        if process.poll() is not None:
            print(f"warrend ended with status {process.returncode}")
            status = 1
        failures = [line for line in lines if " error " in line]
        print("".join(failures[:20]), end="")
        sys.exit(status)
    finally:
        process.terminate()
        process.wait()
