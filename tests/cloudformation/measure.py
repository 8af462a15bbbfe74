"""Measures the packages of scripts/lambda: measure.py MARIADB_SOCKET FOLDER

Each is run as AWS Lambda runs it, with the runtime API on this machine: how long a process takes until it asks for its
first invocation, how much memory it has used after that invocation, and what it answered. Prints a table of Markdown.
"""

import http.server
import json
import os
import pathlib
import platform
import queue
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

ROUNDS = 11
CPUS = {"amd64": "x86_64", "arm64": "aarch64"}


class Runtime(http.server.ThreadingHTTPServer):
    """The runtime API: hands out the events of `events`, and puts what is answered into `answers`."""

    def __init__(self):
        self.asked, self.events, self.answers = queue.Queue(), queue.Queue(), queue.Queue()
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.put(time.monotonic())
        event = self.server.events.get()
        if event is None:
            self.close_connection = True
            return
        body = json.dumps(event).encode()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "1")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + 30) * 1000)))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:1:function:f")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.answers.put((self.path.rpartition("/")[2], body.decode()))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


# Where a function answers who is not signed in.
PATHS = {"auth": "/api/auth/providers", "data": "/api/data/export", "streaks": "/api/streaks/today"}


def request(name):
    path = PATHS.get(name, f"/api/{name}")
    http = {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "measure"}
    context = {"requestId": "1", "stage": "$default", "http": http, "timeEpoch": 0}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "x"},
        "requestContext": context,
        "isBase64Encoded": False,
    }


def schedule(name):
    return {"specversion": "1.0", "type": "hanip.schedule", "source": f"/aws/scheduler/{name}", "id": "1"}


def invoke(name, folder, url, rounds):
    """The medians of the time to ready in ms and of the memory in MB, and the answer. `migrate` is run once."""
    event = schedule(name) if name in ("tick", "migrate") else request(name)
    took, used, answer = [], [], None
    for _ in range(1 if name == "migrate" else rounds):
        runtime = Runtime()
        settings = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": "x",
            "AWS_LAMBDA_LOG_STREAM_NAME": "x",
            "PUBLIC_ORIGIN": "https://hanip.example.com",
            "DATABASE_URL": url,
            "OAUTH_GITHUB_CLIENT_ID": "id",
            "OAUTH_GITHUB_CLIENT_SECRET": "secret",
            "LOG": "error",
            "PATH": os.environ["PATH"],
        }
        began = time.monotonic()
        process = subprocess.Popen(
            [folder / "bootstrap"], cwd=folder, env=settings, stdout=subprocess.DEVNULL, start_new_session=True
        )
        took.append((runtime.asked.get(timeout=60) - began) * 1000)
        runtime.events.put(event)
        answer = runtime.answers.get(timeout=120)
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        used.append(int(status.partition("VmHWM:")[2].split()[0]) / 1000)
        runtime.asked.get(timeout=60)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        runtime.events.put(None)
        runtime.shutdown()
        runtime.server_close()
    return statistics.median(took), statistics.median(used), answer


def runs_here(architecture):
    """Whether its programs run on this machine: by itself, or through an emulator."""
    cpu = CPUS[architecture]
    if platform.machine() == cpu:
        return "itself"
    emulator = pathlib.Path(f"/proc/sys/fs/binfmt_misc/qemu-{cpu}")
    return "emulated" if emulator.exists() or shutil.which(f"qemu-{cpu}-static") else None


def unpack(package, folder, emulated):
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    for file in folder.iterdir():
        file.chmod(0o755)
    program = folder / ("program" if (folder / "program").exists() else "bootstrap")
    if emulated and not pathlib.Path("/proc/sys/fs/binfmt_misc/qemu-aarch64").exists():
        program.rename(folder / "emulated")
        program.write_text(f'#!/bin/sh\nexec qemu-aarch64-static "{folder}/emulated"\n')
        program.chmod(0o755)


def main(socket, packages):
    packages = pathlib.Path(packages)
    client = ["mariadb", "--no-defaults", "--user=root", f"--socket={socket}"]
    print("| function | architecture | package | unpacked | ready | memory after a request | answer |")
    print("|---|---|---|---|---|---|---|")
    failed = False
    for architecture in CPUS:
        how = runs_here(architecture)
        files = sorted((packages / architecture).glob("*.zip"), key=lambda file: file.name != "migrate.zip")
        if files:
            fresh = "DROP DATABASE IF EXISTS hanip; CREATE DATABASE hanip CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
            subprocess.run([*client, "--execute", fresh], check=True)
        for package in files:
            with zipfile.ZipFile(package) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
            row = [package.stem, architecture, f"{package.stat().st_size / 1e6:.1f} MB", f"{size / 1e6:.1f} MB"]
            if how:
                with tempfile.TemporaryDirectory() as folder:
                    folder = pathlib.Path(folder)
                    unpack(package, folder, how == "emulated")
                    url = f"mysql://root@localhost/hanip?socket={socket}"
                    took, used, (kind, body) = invoke(package.stem, folder, url, ROUNDS if how == "itself" else 3)
                ours = how == "itself" and package.stem != "migrate"
                status = json.loads(body or "null") if kind == "response" else None
                status = status.get("statusCode") if isinstance(status, dict) else kind
                failed = failed or kind != "response"
                row += [f"{took:.0f} ms" if ours else "", f"{used:.0f} MB" if ours else "", str(status)]
                if kind != "response":
                    print(f"{package.stem}: {body}", file=sys.stderr)
            else:
                row += ["", "", "not run"]
            print("| " + " | ".join(row) + " |", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
