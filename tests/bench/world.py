"""What the parts of the benchmark share: the database, the functions, the clients, the people."""

import atexit
import http.client
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
SERVER, SERVER_PID = os.environ["BENCH_SERVER"], os.environ["BENCH_SERVER_PID"]
PROGRAMS = pathlib.Path(os.environ["BENCH_PROGRAMS"])
SCRATCH = pathlib.Path(SERVER).parent


def say(text):
    print(f"\r{text:<78}", end="", file=sys.stderr, flush=True)


def sql(text, database="hanip"):
    command = [
        "mariadb",
        "--no-defaults",
        "--user=root",
        f"--socket={SERVER}",
        "--default-character-set=utf8mb4",
        "--batch",
        "--raw",
        "--skip-column-names",
        database,
    ]
    return subprocess.run(command, input=text, text=True, check=True, stdout=subprocess.PIPE).stdout


def new_database(name, programs=PROGRAMS):
    sql(f"DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name}", "")
    subprocess.run([programs / "migrate"], env={"DATABASE_URL": url(name), "LOG": "error"}, check=True)


def people(database, first, number, foods, days):
    """People with all these days of each food reviewed; the tick counts them."""
    values = f"SET @first = {first}, @people = {number}, @foods = {foods}, @days = {days};"
    sql(values + (HERE / "people.sql").read_text(), database)


def tick(function):
    """Closes all that is due; returns in how many calls."""
    event = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/bench", "ce-type": "tick"}
    calls = 1
    while (status := function.ask("POST", "/", event)) == 503:
        calls += 1
    assert status == 204, status
    return calls


def count_days(database, programs=PROGRAMS):
    function = Function("tick", database, programs=programs)
    tick(function)
    function.stop()


def url(database, server=SERVER):
    return f"mysql://root@localhost/{database}?socket={server}"


def settings(database, server=SERVER):
    return {"DATABASE_URL": url(database, server), "PUBLIC_ORIGIN": "http://127.0.0.1:8080"}


class Function:
    """A release binary with its default settings, as it runs in a container; its log goes to a file."""

    def __init__(self, name, database="hanip", server=SERVER, programs=PROGRAMS, more=None):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        environment = settings(database, server) | {"PORT": str(self.port)} | (more or {})
        with open(SCRATCH / f"{name}.log", "w") as log:
            self.process = subprocess.Popen([programs / name], env=environment, stdout=log)
        atexit.register(self.process.kill)
        self.pid = str(self.process.pid)
        while True:
            try:
                self.ask("GET", "/healthz")
                return
            except ConnectionRefusedError:
                time.sleep(0.01)

    def ask(self, method, path, headers=None):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def send(self, request):
        """Sends a request as `request` writes it."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(request.replace("\r\n", "\r\nConnection: close\r\n", 1).encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 2"), answer
        return answer

    def memory(self, field="VmRSS"):
        """In MiB."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+)", status)[1]) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


def request(method, path, person, body=None):
    """As it goes over the wire from the browser of a person."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1:8080",
        f"Cookie: hanip_session=token{person}",
        "Sec-Fetch-Site: same-origin",
    ]
    text = "" if body is None else json.dumps(body)
    if text:
        lines += ["Content-Type: application/json", f"Content-Length: {len(text.encode())}"]
    return "\r\n".join(lines) + "\r\n\r\n" + text


def food_id(person, food=0):
    return f"{person:016x}{food:016x}"


def load(what, plan):
    """Runs one of the clients; they are in `src`."""
    command = [PROGRAMS / "load", what]
    return json.loads(
        subprocess.run(command, input=json.dumps(plan), text=True, check=True, stdout=subprocess.PIPE).stdout
    )


def median(values):
    return statistics.median(values)


def spread(values, digits=2):
    """The median, and from where to where the values went."""
    values = list(values)
    return f"{median(values):,.{digits}f} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"
