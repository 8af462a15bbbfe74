"""Kills, freezes and parts the servers of a replicated database while people write: main.py PROGRAMS FOLDER ROUNDS [KIND]

PROGRAMS has the programs, FOLDER is scratch, each fault comes ROUNDS times, and KIND is `galera` or `replicated` where only one
is wanted. Each figure is a line, with what it is to reach; the exit status says whether all did.
"""

import collections
import concurrent.futures
import contextlib
import http.client
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

import pymysql
from people import Person, Pulse, Tally
from servers import PASSWORD, Galera, Replicated, free_ports, wait

PEOPLE = 6
# How long everybody writes before a fault, and after it.
CALM = 1.5
# As a food is before its first day was counted: true, whatever is recorded.
UNCOUNTED = """
    UPDATE counters JOIN foods ON foods.user_id = counters.user_id AND foods.id = food_id
    SET closed_through = start_date - INTERVAL 1 DAY, kept_days = 0, confirmed_days = 0, slip_days = 0, skipped_days = 0,
        missing_days = 0, current_run = 0, longest_run = 0, next_milestone = 1, waiting_run = NULL, last_slip_on = NULL,
        milestones = '[]'
    WHERE counters.user_id = UNHEX(%s)"""


def say(text):
    print(text, flush=True)


class Program:
    def __init__(self, programs, name, url, folder):
        self.port = free_ports(1)
        settings = {"DATABASE_URL": url, "PORT": str(self.port), "TRUST_EDGE": "true", "LOG": "warn",
                    "PUBLIC_ORIGIN": f"http://127.0.0.1:{self.port}"}  # fmt: skip
        with open(folder / f"{name}.log", "a") as log:
            self.process = subprocess.Popen([programs / name], env=os.environ | settings, stdout=log, stderr=log)
        assert wait(lambda: self.ask("GET", "/healthz") not in (0, 503), 60), (
            f"{name} did not start: {folder / name}.log"
        )

    def ask(self, method, path, headers=None, seconds=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, headers=headers or {})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def tick(self):
        return self.ask("POST", "/", {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/prove", "ce-type": "tick"})


class World:
    """A database, the programs before it, people who write, one who signs in again and again, and ticks."""

    def __init__(self, kind, programs, folder, seed):
        self.kind, self.tally, self.random = kind, Tally(), random.Random(seed)
        self.database = {"galera": Galera, "replicated": Replicated}[kind](folder / kind)
        self.apps = [Program(programs, "standalone", self.database.url(), folder / kind) for _ in range(2)]
        self.ticker = Program(programs, "tick", self.database.url(), folder / kind)
        self.programs, self.folder = programs, folder / kind
        ports = [app.port for app in self.apps]
        self.people = [Person(f"p{n}", ports[n % 2], self.tally, f"{seed}-{n}") for n in range(PEOPLE)]
        self.pulses = [Pulse(f"pulse{n}", port, self.tally) for n, port in enumerate(ports)]
        self.is_over = False
        self.threads = [*self.people, *self.pulses]
        self.threads += [threading.Thread(target=target, daemon=True) for target in (self.signs_in, self.ticks)]
        for thread in self.threads:
            thread.start()
        self.resume()

    def resume(self):
        for person in self.people:
            person.goes_on.set()

    def rest(self):
        for person in self.people:
            person.goes_on.clear()
        for person in self.people:
            assert wait(person.is_idle.is_set, 120), "a write was never acknowledged"

    def signs_in(self):
        client = type(self.people[0].client)(self.apps[0].port, self.tally)
        while not self.is_over:
            client.sign_in("again")
            time.sleep(0.3)

    def uncount(self, person):
        with contextlib.closing(
            pymysql.connect(
                host="127.0.0.1", port=self.database.proxy.port, user="hanip", password=PASSWORD, database="hanip",
                autocommit=True, connect_timeout=2, read_timeout=5,
            )
        ) as connection:  # fmt: skip
            connection.cursor().execute(UNCOUNTED, (person.me["id"].replace("-", ""),))

    def ticks(self):
        while not self.is_over:
            with contextlib.suppress(pymysql.Error, OSError):
                self.uncount(self.random.choice(self.people))
            self.tally.add("ticks")
            if self.ticker.tick() == 500:
                self.tally.add("answers of 500", note="the tick")
            time.sleep(0.4)

    def compare(self):
        """Everybody rests, all servers are there again, and each holds what was acknowledged."""
        self.database.heal()
        self.rest()
        self.database.heal()
        for person in self.people:
            for server in self.database.servers:
                person.compares_rows(server)
            person.compares_counts()

    def fault(self, name, limit, act):
        """Lets `act` do its harm, and waits for the first write that is sent after it and acknowledged."""
        time.sleep(CALM)
        began = time.monotonic()
        until = act(self.database) or began
        assert wait(lambda: all(pulse.first_good(until) for pulse in self.pulses), 60), f"{name}: no write for a minute"
        took, last = sorted(pulse.first_good(until) - until for pulse in self.pulses)
        switched = self.database.proxy.since - until
        self.tally.add("faults")
        time.sleep(CALM)
        for server in self.database.servers:
            if server.process.poll() is None:
                server.send(signal.SIGCONT)
        self.compare()
        self.resume()
        said = f" ({last:.2f} of the other process{f'; another server writes after {switched:.2f}' if switched > 0 else ''})"
        say(f"   {self.kind}: {name}: {took:.2f} s{said}, {self.tally['acknowledged']:,} acknowledged,"
            f" {self.tally['lost or doubled']} lost or doubled, {self.tally['wrong counters']} wrong counters,"
            f" {self.tally['answers of 500']} of 500, {self.tally['answers of 503']} of 503")  # fmt: skip
        return name, limit, took

    def end(self):
        self.is_over = True
        for thread in self.threads:
            thread.is_over = True
        for program in (*self.apps, self.ticker):
            program.process.terminate()
        self.database.end()


# Faults of both.


def kill(database):
    began = time.monotonic()
    database.writer.end()
    return began


def freeze_the_writer(database):
    began, writer = time.monotonic(), database.writer
    writer.send(signal.SIGSTOP)
    wait(lambda: database.writer not in (None, writer), 30)
    if isinstance(database, Replicated):
        # An operator ends the pod of a primary that does not answer: it holds what nobody will acknowledge.
        writer.end()
    return began


# Of Galera.


def terminate(database):
    began = time.monotonic()
    database.writer.send(signal.SIGTERM)
    return began


def isolate(database):
    began, writer = time.monotonic(), database.writer
    writer.ask("SET GLOBAL wsrep_provider_options = 'gmcast.isolate = 1'")
    wait(lambda: database.writer is not writer, 30)
    threading.Timer(4, lambda: writer.ask("SET GLOBAL wsrep_provider_options = 'gmcast.isolate = 0'")).start()
    return began


def wipe(database):
    donor = database.writer
    server = database.others()[-1]
    server.end()
    server.wipe()
    began = time.monotonic()
    server.start(f"--wsrep-sst-donor={donor.name}")
    return began


def alter(database):
    began = time.monotonic()
    database.writer.ask("ALTER TABLE slips ADD COLUMN probe INT NULL, ADD KEY probe (cause)",
                        "ALTER TABLE slips DROP KEY probe, DROP COLUMN probe", database="hanip", seconds=30)  # fmt: skip
    return began


def lose_quorum(world):
    """Both others die. Requests are refused quickly, and go on once a person says that the rest is the cluster."""

    def act(database):
        writer = database.writer
        for server in database.others():
            server.end()
        assert wait(lambda: writer.state.get("wsrep_cluster_status") == "non-Primary", 20), writer.state
        since = time.monotonic() + 0.5
        time.sleep(3)
        refused = [took for pulse in world.pulses for took in pulse.refused(since, time.monotonic() - 1.2)]
        world.refused = max([world.refused, *refused])
        began = time.monotonic()
        writer.ask("SET GLOBAL wsrep_provider_options = 'pc.bootstrap = 1'")
        return began

    return act


# Of replication.


def switch(database):
    began = time.monotonic()
    database.switch()
    return began


def freeze_a_replica(database):
    began, frozen = time.monotonic(), database.others()[-1]
    frozen.send(signal.SIGSTOP)
    threading.Timer(3, lambda: frozen.send(signal.SIGCONT)).start()
    return began


def freeze_both_and_kill(database):
    """What is written meanwhile is on the primary alone, and so acknowledged to nobody; then the primary dies."""
    frozen = database.others()
    with database.switching:
        for server in frozen:
            server.send(signal.SIGSTOP)
        time.sleep(3)
        database.writer.end()
        for server in frozen:
            server.send(signal.SIGCONT)
    return time.monotonic()


def galera(programs, folder, rounds, seed):
    world = World("galera", programs, folder, seed)
    world.refused = 0.0
    faults = [
        ("kill -9 of the writer", 2.0, kill), ("the writer frozen", 5.0, freeze_the_writer),
        ("SIGTERM to the writer", 5.0, terminate), ("the writer cut off", 5.0, isolate),
        ("a wiped node, filled by the writer", 10.0, wipe), ("an ALTER of slips", 10.0, alter),
        ("quorum lost and given back", 1.0, lose_quorum(world)),
    ]  # fmt: skip
    took = [world.fault(*fault) for _ in range(rounds) for fault in faults]
    race(world, 15 * rounds)
    figures(world, took, rounds)
    figure("galera: without quorum, the slowest refusal, s", f"{world.refused:.2f}", "at most 1", world.refused <= 1)
    world.end()


def race(world, rounds):
    """Ticks at another node than the writes: only rows that both change make them see each other. In each round everybody
    writes dates that are not counted yet, while the tick counts them."""
    world.rest()
    other = world.database.others()[0]
    url = f"mysql://hanip:{PASSWORD}@127.0.0.1:{other.port}/hanip"
    elsewhere = Program(world.programs, "tick", url, world.folder)
    for _ in range(rounds):
        for person in world.people:
            with contextlib.suppress(pymysql.Error, OSError):
                world.uncount(person)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            writing = [pool.submit(person.writes_a_little) for person in world.people]
            for _ in range(3):
                elsewhere.tick()
            concurrent.futures.wait(writing)
        for done in writing:
            done.result()
        for person in world.people:
            person.compares_counts()
    elsewhere.process.kill()
    say(f"   galera: ticks at another node: {world.tally['counters compared']:,} counters compared,"
        f" {world.tally['wrong counters']} wrong")  # fmt: skip
    world.compare()


def replicated(programs, folder, rounds, seed):
    world = World("replicated", programs, folder, seed)
    faults = [
        ("kill -9 of the primary", 5.0, kill), ("the primary frozen", 7.0, freeze_the_writer),
        ("a planned switch", 2.0, switch), ("a replica frozen", 2.0, freeze_a_replica),
        ("both replicas frozen, then kill -9 of the primary", 5.0, freeze_both_and_kill),
    ]  # fmt: skip
    took = [world.fault(*fault) for _ in range(rounds) for fault in faults]
    figures(world, took, rounds)
    say(f"   replicated: old primaries made anew, since they held what nobody acknowledged: {world.database.remade}")
    world.end()


FIGURES = []


def figure(name, value, of, holds):
    FIGURES.append(holds)
    say(f"{name}: {value} of {of}{'' if holds else '  ← FAILED'}")


def figures(world, took, rounds):
    tally, kind = world.tally, world.kind
    TRIED.update({what: tally[what] for what in ENOUGH})
    for what, of in (
        ("lost or doubled", "acknowledged"), ("never acknowledged", "acknowledged"), ("answers of 500", "answers"),
        ("stale own reads", "read back"), ("sign-ins answered 401", "sign-ins"), ("wrong counters", "counters compared"),
    ):  # fmt: skip
        enough = tally[of] > 0
        figure(f"{kind}: {what}", str(tally[what]), f"{tally[of]:,} {of}", tally[what] == 0 and enough)
    say(f"{kind}: faults: {tally['faults']} of {len(took)}")
    for name in dict.fromkeys(name for name, _, _ in took):
        values = sorted(value for other, _, value in took if other == name)
        limit = next(limit for other, limit, _ in took if other == name)
        worst, middle = values[-1], values[len(values) // 2]
        figure(
            f"{kind}: {name}, first good write after, s (median {middle:.2f})",
            f"{worst:.2f}",
            f"at most {limit:g}",
            worst <= limit,
        )
    for note in tally.notes[:40]:
        say(f"   {note}")


# How often a whole run is to try.
ENOUGH = {"acknowledged": 20_000, "faults": 40, "read back": 2_000, "sign-ins": 200, "counters compared": 1_000}
TRIED = collections.Counter()


def main(programs, folder, rounds, only=None):
    # Whatever was started is ended by what atexit runs.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    programs, folder = pathlib.Path(programs), pathlib.Path(folder)
    folder.chmod(0o755)
    seed = os.environ.get("HANIP_SEED", "1")
    for name, part in (("galera", galera), ("replicated", replicated)):
        if only in (None, name):
            part(programs, folder, int(rounds), seed)
    if only is None and int(rounds) >= 5:
        for what, wanted in ENOUGH.items():
            figure(f"tried: {what}", f"{TRIED[what]:,}", f"at least {wanted:,}", TRIED[what] >= wanted)
    return not all(FIGURES)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
