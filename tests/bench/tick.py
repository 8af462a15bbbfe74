"""How fast the tick closes a day of many foods, beside what the database could do at best.

The floor is one plain INSERT … SELECT of the rows that the tick leaves in `counters`, into an empty
table of the same definition, on the same server in the same run.
"""

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
import threading
import time

SERVER, PROGRAMS, OUTPUT = sys.argv[1:4]
PEOPLE = [int(people) for people in sys.argv[4:]] or [10_000, 20_000, 200_000]
ROUNDS = 3
FILL = (pathlib.Path(__file__).parent / "fill.sql").read_text()
RESTORE = "TRUNCATE counters; INSERT INTO counters SELECT * FROM before_the_tick; ANALYZE TABLE counters"
URL = f"mysql://root@localhost/hanip?socket={SERVER}"


def sql(text, database="hanip"):
    command = ["mariadb", "--no-defaults", "--user=root", f"--socket={SERVER}", "--batch", "--raw", "--skip-column-names", database]
    return subprocess.run(command, input=text, text=True, check=True, capture_output=True).stdout


def say(text):
    print(f"\r{text:<70}", end="", file=sys.stderr, flush=True)


class Function:
    """A release binary, as it runs in a container."""

    def __init__(self, name):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = port = free.getsockname()[1]
        environment = {"PORT": str(port), "DATABASE_URL": URL, "PUBLIC_ORIGIN": f"http://127.0.0.1:{port}", "LOG": "warn"}
        self.process = subprocess.Popen([f"{PROGRAMS}/{name}"], env=environment)
        atexit.register(self.process.kill)
        while True:
            try:
                self.request("GET", "/healthz")
                return
            except ConnectionRefusedError:
                time.sleep(0.01)

    def request(self, method, path, headers={}):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer

    def peak_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


def tick(function):
    """Closes all that is due; returns how many foods, in how many calls."""
    event = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/bench", "ce-type": "tick"}
    calls = 1
    while (answer := function.request("POST", "/", event))[0] == 503:
        calls += 1
    assert answer[0] == 204, answer[0]
    return calls


def seconds_of_floor():
    definition = sql("SHOW CREATE TABLE counters").split("\t", 1)[1]
    definition = definition.replace("`counters`", "`floor`", 1).replace("`counters_", "`floor_")
    sql(f"DROP TABLE IF EXISTS floor; {definition}")
    began = time.perf_counter()
    sql("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; INSERT INTO floor SELECT * FROM counters")
    return time.perf_counter() - began


class Reader(threading.Thread):
    """Somebody who looks at their foods again and again; `milliseconds` each look took."""

    def __init__(self, streaks):
        super().__init__(daemon=True)
        self.streaks, self.looking, self.milliseconds = streaks, True, []
        self.start()

    def run(self):
        while self.looking:
            began = time.perf_counter()
            status, _ = self.streaks.request("GET", "/api/streaks/today", {"Cookie": "hanip_session=token1"})
            assert status == 200, status
            self.milliseconds.append((time.perf_counter() - began) * 1000)
            time.sleep(0.005)

    def p99(self):
        self.looking = False
        self.join()
        return statistics.quantiles(self.milliseconds, n=100)[98]


def measure(people):
    foods = people * 5
    say(f"{foods:,} foods: filling the database")
    sql("DROP DATABASE IF EXISTS hanip; CREATE DATABASE hanip", "")
    subprocess.run([f"{PROGRAMS}/migrate"], env={"DATABASE_URL": URL, "LOG": "error"}, check=True)
    sql(f"SET @people = {people}; {FILL}")
    rounds = []
    streaks = Function("streaks")
    for turn in range(ROUNDS):
        say(f"{foods:,} foods: round {turn + 1} of {ROUNDS}")
        sql(f"TRUNCATE ticks; DELETE FROM milestones; {RESTORE}")
        reader = Reader(streaks)
        time.sleep(3)
        quiet = reader.p99()
        function = Function("tick")
        began = time.perf_counter()
        calls = tick(function)
        alone = time.perf_counter() - began
        peak = function.peak_mib()
        closed = int(sql("SELECT SUM(closed) FROM ticks"))
        assert closed == foods, closed
        floor = seconds_of_floor()
        # Once more with somebody who reads meanwhile.
        sql(RESTORE)
        reader = Reader(streaks)
        tick(function)
        busy = reader.p99()
        function.stop()
        rounds.append({"seconds": alone, "floor": floor, "peak_mib": peak, "calls": calls, "quiet_p99_ms": quiet, "busy_p99_ms": busy})
    streaks.stop()
    median = {name: statistics.median(entry[name] for entry in rounds) for name in rounds[0]}
    return {"foods": foods, "rounds": rounds, "median": median,
            "ratio": statistics.median(entry["seconds"] / entry["floor"] for entry in rounds),
            "reads": statistics.median(entry["busy_p99_ms"] / entry["quiet_p99_ms"] for entry in rounds)}


results = [measure(people) for people in PEOPLE]
say("")
print(f"\r{'foods':>10} {'seconds':>16} {'foods/s':>9} {'× floor':>8} {'growth':>7} {'peak':>8} {'read p99, × quiet':>18}")
smallest = results[0]
for result in results:
    median, spread = result["median"], [entry["seconds"] for entry in result["rounds"]]
    growth = (median["seconds"] / smallest["median"]["seconds"]) / (result["foods"] / smallest["foods"])
    result["growth"] = growth
    seconds = f"{median['seconds']:.2f} ({min(spread):.2f}–{max(spread):.2f})"
    print(f"{result['foods']:>10,} {seconds:>16} {result['foods'] / median['seconds']:>9,.0f} {result['ratio']:>8.2f}"
          f" {growth:>7.2f} {median['peak_mib']:>4.0f} MiB {median['busy_p99_ms']:>8.1f} ms, {result['reads']:.2f}")
pathlib.Path(OUTPUT).write_text(json.dumps({"load": os.getloadavg(), "tick": results}, indent=1))
