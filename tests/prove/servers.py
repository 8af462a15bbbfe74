"""MariaDB servers on this machine, as a Galera cluster or replicated, HAProxy before them, and who decides which writes."""

import atexit
import concurrent.futures
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time

import pymysql

# As root, the servers run as nobody: rsync's transfer between nodes of Galera fails as root.
USER = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
LIBRARY = next(
    (path for path in map(pathlib.Path, ("/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so"))
     if path.exists()),
    None,
)  # fmt: skip
PASSWORD = "of-this-run"
POLL = 0.1
# A server that has not answered for so long is taken for dead.
PATIENCE = 1.0
COMMON = [
    "--skip-name-resolve", "--performance-schema=0", "--max-connections=200", "--innodb-buffer-pool-size=64M",
    "--innodb-flush-log-at-trx-commit=1", "--character-set-server=utf8mb4", "--binlog-format=ROW",
]  # fmt: skip


def free_ports(number):
    """`number` ports in a row that nothing listens on, and that nobody was given before."""
    while True:
        start = NEXT[0]
        NEXT[0] += number
        try:
            for port in range(start, start + number):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return start


NEXT = [20000 + os.getpid() % 100 * 80]


class Server:
    """One MariaDB. It can be killed, frozen, stopped, wiped, and started again."""

    def __init__(self, folder, name, template):
        self.folder, self.name, self.template = folder / name, name, template
        self.port = free_ports(12)
        self.process = None
        self.answered, self.state = 0.0, {}
        self.wipe()

    def wipe(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.template, self.folder / "data")
        (self.folder / "tmp").mkdir()
        if USER:
            subprocess.run(["chown", "-R", "nobody:nogroup", self.folder], check=True)

    def start(self, *options):
        with open(self.folder.parent / f"{self.name}.log", "a") as log:
            self.process = subprocess.Popen(
                ["mariadbd", "--no-defaults", f"--datadir={self.folder / 'data'}", f"--socket={self.folder / 's'}",
                 f"--pid-file={self.folder / 'pid'}", f"--port={self.port}", "--bind-address=127.0.0.1",
                 f"--tmpdir={self.folder / 'tmp'}", *COMMON, *self.options(), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=self.environment(), **USER,
            )  # fmt: skip
        atexit.register(self.end)

    def start_if_ended(self):
        if self.process.poll() is not None:
            self.start()

    def options(self):
        return []

    def environment(self):
        return {"PATH": f"{self.template.parent / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin"}

    def end(self):
        """Kills it, with the programs that it has started."""
        if self.process and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def send(self, sign):
        os.kill(self.process.pid, sign)

    def connect(self, seconds=5.0, database=None):
        return pymysql.connect(
            unix_socket=str(self.folder / "s"), user="root", autocommit=True, database=database,
            connect_timeout=seconds, read_timeout=seconds, write_timeout=seconds,
        )  # fmt: skip

    def ask(self, *statements, seconds=5.0, database=None):
        """Runs statements on a connection of their own; returns the rows of the last as dicts."""
        with contextlib.closing(self.connect(seconds, database)) as connection:
            cursor = connection.cursor(pymysql.cursors.DictCursor)
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()

    def until(self, what, seconds=60.0):
        """Waits until `what` is true of its state."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if time.monotonic() - self.answered < PATIENCE and what(self.state):
                return
            time.sleep(0.05)
        raise TimeoutError(f"{self.name}: {self.state}; see its log in {self.folder.parent}")


class Node(Server):
    """A node of Galera."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.peers = []

    def options(self):
        base = self.port + 1
        provider = [
            f"base_host=127.0.0.1;base_port={base};gmcast.listen_addr=tcp://127.0.0.1:{base}",
            f"ist.recv_addr=127.0.0.1:{base + 1}",
            "evs.suspect_timeout=PT1.5S;evs.inactive_timeout=PT3S;evs.inactive_check_period=PT0.1S",
            "evs.keepalive_period=PT0.5S;evs.join_retrans_period=PT0.1S;gcache.size=64M",
        ]
        peers = ",".join(f"127.0.0.1:{peer.port + 1}" for peer in self.peers)
        return [
            "--wsrep-on=ON", f"--wsrep-provider={LIBRARY}", f"--wsrep-cluster-address=gcomm://{peers}",
            f"--wsrep-node-name={self.name}", f"--wsrep-node-address=127.0.0.1:{base}",
            f"--wsrep-provider-options={';'.join(provider)}", "--wsrep-sst-method=rsync",
            f"--wsrep-sst-receive-address=127.0.0.1:{base + 2}", "--innodb-autoinc-lock-mode=2",
        ]  # fmt: skip

    def look(self, cursor):
        cursor.execute(
            "SHOW STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_local_state', 'wsrep_cluster_status', 'wsrep_cluster_size')"
        )
        return dict(cursor.fetchall())

    def is_good(self):
        return (self.state.get("wsrep_ready"), self.state.get("wsrep_local_state")) == ("ON", "4")


class Replica(Server):
    """A server of a replicated database: the primary, or one that follows it."""

    def options(self):
        return [
            "--log-bin=binlog", "--log-slave-updates", f"--server-id={self.port}", "--gtid-strict-mode=ON", "--sync-binlog=1",
            "--rpl-semi-sync-master-wait-point=AFTER_SYNC", "--rpl-semi-sync-master-timeout=31536000000",
            "--rpl-semi-sync-master-enabled=OFF", "--rpl-semi-sync-slave-enabled=ON", "--init-rpl-role=SLAVE",
            "--read-only=ON", "--slave-net-timeout=5", "--rpl-semi-sync-slave-kill-conn-timeout=1",
        ]  # fmt: skip

    def look(self, cursor):
        cursor.execute("SELECT @@read_only")
        read_only = cursor.fetchone()[0]
        cursor.execute("SHOW SLAVE STATUS")
        row = cursor.fetchone()
        columns = [column[0] for column in cursor.description]
        return {"read_only": read_only, **dict(zip(columns, row or [], strict=False))}

    def follow(self, primary, *more):
        self.ask(
            "STOP SLAVE",
            f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={primary.port}, MASTER_USER='copy',"
            f" MASTER_PASSWORD='{PASSWORD}', MASTER_CONNECT_RETRY=1, MASTER_USE_GTID=slave_pos{''.join(more)}",
            "START SLAVE",
        )

    def received(self):
        """The number of the last transaction that it has received."""
        status = self.ask("SHOW SLAVE STATUS")
        return sequence(status[0]["Gtid_IO_Pos"] if status else self.position())

    def position(self):
        return self.ask("SELECT @@gtid_binlog_pos AS position")[0]["position"]

    def has_applied_all(self):
        return sequence(self.position()) >= self.received()

    def follows(self):
        status = self.ask("SHOW SLAVE STATUS")
        return bool(status) and status[0]["Slave_IO_Running"] == status[0]["Slave_SQL_Running"] == "Yes"


def template(folder):
    """A data folder of a new server, of which each server gets a copy. Beside it, in `bin`, what nodes of Galera copy
    each other by, which may lie where nobody but root can read it."""
    data = folder / "template"
    (folder / "bin").mkdir()
    if found := shutil.which("wsrep_sst_rsync"):
        for script in pathlib.Path(found).parent.glob("wsrep_sst_*"):
            shutil.copy(script, folder / "bin")
    if USER:
        os.chmod(folder, 0o755)
        shutil.chown(folder, "nobody", "nogroup")
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db", "--skip-log-bin",
         "--auth-root-authentication-method=normal"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"TMPDIR": str(folder)}, **USER,
    )  # fmt: skip
    return data


class Proxy:
    """HAProxy. It passes connections on to the one server that it is told of; those to another are cut."""

    def __init__(self, folder, servers):
        self.port, self.socket = free_ports(1), folder / "proxy"
        self.to, self.since = None, 0.0
        lines = [
            "global", f"  stats socket {self.socket} level admin", "  maxconn 1000", "defaults", "  mode tcp",
            "  timeout connect 500ms", "  timeout client 120s", "  timeout server 120s", "  retries 0",
            "listen database", f"  bind 127.0.0.1:{self.port}",
            *(f"  server {server.name} 127.0.0.1:{server.port} disabled" for server in servers),
        ]  # fmt: skip
        (folder / "haproxy.cfg").write_text("\n".join(lines) + "\n")
        with open(folder / "haproxy.log", "w") as log:
            self.process = subprocess.Popen(["haproxy", "-db", "-f", folder / "haproxy.cfg"], stdout=log, stderr=log)
        atexit.register(self.process.kill)
        while not self.socket.exists():
            time.sleep(0.05)

    def tell(self, *commands):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.socket))
            connection.sendall((";".join(commands) + "\n").encode())
            while connection.recv(4096):
                pass

    def close(self):
        if self.to:
            name, self.to = self.to.name, None
            self.tell(f"set server database/{name} state maint", f"shutdown sessions server database/{name}")

    def open(self, server):
        self.close()
        self.tell(f"set server database/{server.name} state ready")
        self.to, self.since = server, time.monotonic()


class Database:
    """Servers, the proxy, and a thread that knows which server writes: what an operator does in a cluster."""

    def __init__(self, folder, kind, number):
        folder.mkdir()
        made = template(folder)
        self.servers = [kind(folder, f"n{index}", made) for index in range(number)]
        self.proxy = Proxy(folder, self.servers)
        self.switching = threading.Lock()
        self.is_over = False
        for server in self.servers:
            threading.Thread(target=self.watch, args=(server,), daemon=True).start()

    @property
    def writer(self):
        return self.proxy.to

    def others(self):
        return [server for server in self.servers if server is not self.writer]

    def url(self):
        return f"mysql://hanip:{PASSWORD}@127.0.0.1:{self.proxy.port}/hanip"

    def watch(self, server):
        """Keeps what a server says of itself up to date."""
        connection = None
        while not self.is_over:
            try:
                connection = connection or server.connect(PATIENCE)
                server.state, server.answered = server.look(connection.cursor()), time.monotonic()
            except (pymysql.Error, OSError):
                connection, server.state = None, {}
                server.answered = 0.0
            time.sleep(POLL)

    def create(self, server):
        server.ask(
            "CREATE DATABASE hanip CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
            f"CREATE USER hanip@'%' IDENTIFIED BY '{PASSWORD}'",
            "GRANT ALL ON hanip.* TO hanip@'%'",
        )

    def decide(self):
        while not self.is_over:
            with self.switching, contextlib.suppress(pymysql.Error, OSError, TimeoutError):
                self.step()
            time.sleep(POLL / 2)

    def is_alive(self, server):
        return time.monotonic() - server.answered < PATIENCE

    def end(self):
        self.is_over = True
        self.proxy.process.kill()
        for server in self.servers:
            server.end()


class Galera(Database):
    def __init__(self, folder):
        super().__init__(folder, Node, 3)
        for server in self.servers:
            server.peers = self.servers
        self.servers[0].start("--wsrep-new-cluster")
        self.servers[0].until(lambda _: self.servers[0].is_good())
        self.create(self.servers[0])
        for server in self.servers[1:]:
            server.start()
            server.until(lambda _, server=server: server.is_good(), 120)
        self.proxy.open(self.servers[0])
        threading.Thread(target=self.decide, daemon=True).start()

    def step(self):
        """The writer stays as long as it is good. Without any that is good, it stays too, and says so itself."""
        if self.is_alive(self.writer) and self.writer.is_good():
            return
        good = [server for server in self.servers if self.is_alive(server) and server.is_good()]
        # A dead one leaves the others waiting for a moment, in which they still call themselves good.
        if good:
            self.proxy.open(good[0])

    def heal(self):
        """Waits until all nodes are good, and of one cluster. One that ends meanwhile is started again."""

        def is_whole():
            for server in self.servers:
                server.start_if_ended()
            return all(
                self.is_alive(server) and server.is_good() and server.state.get("wsrep_cluster_size") == "3"
                for server in self.servers
            )

        if not wait(is_whole, 120):
            raise TimeoutError([(server.name, server.state) for server in self.servers])


class Replicated(Database):
    """A primary, and two that follow it. Nothing is acknowledged that none of them has."""

    def __init__(self, folder):
        super().__init__(folder, Replica, 3)
        self.remade = 0
        self.primary = self.servers[0]
        for server in self.servers:
            server.start()
        for server in self.servers:
            server.until(lambda state: "read_only" in state)
        primary = self.servers[0]
        primary.ask(f"CREATE USER copy@'%' IDENTIFIED BY '{PASSWORD}'", "GRANT REPLICATION SLAVE ON *.* TO copy@'%'")
        self.create(primary)
        for server in self.servers[1:]:
            server.follow(primary)
        self.promote(primary)
        threading.Thread(target=self.decide, daemon=True).start()

    def promote(self, server):
        server.ask("STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL rpl_semi_sync_slave_enabled = OFF",
                   "SET GLOBAL rpl_semi_sync_master_enabled = ON", "SET GLOBAL read_only = OFF")  # fmt: skip
        self.primary = server
        self.proxy.open(server)

    @property
    def writer(self):
        return self.primary

    def step(self):
        if not self.is_alive(self.primary):
            self.fail_over()

    def fail_over(self):
        """The one that received most takes over. The old primary gets no more acknowledgement, so it can't commit."""
        # One that runs and does not answer may be the only one that has what was acknowledged.
        followers = [server for server in self.others() if server.process.poll() is None]
        if not followers or not all(map(self.is_alive, followers)):
            return
        self.proxy.close()
        # At once: a replica asks a primary that does not answer for a second before it stops.
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda server: server.ask("STOP SLAVE IO_THREAD"), followers))
        best = max(followers, key=Replica.received)
        self.take_over(best, [server for server in followers if server is not best])

    def take_over(self, best, others):
        if not wait(best.has_applied_all, 30):
            raise TimeoutError(f"{best.name} has not applied what it received")
        best.ask("STOP SLAVE", "RESET SLAVE ALL")
        for server in others:
            server.follow(best)
        self.promote(best)

    def switch(self):
        """A planned one: nothing is written meanwhile, and the old primary follows the new one."""
        with self.switching:
            old = self.writer
            best = next(server for server in self.others() if self.is_alive(server))
            with contextlib.closing(old.connect()) as connection:
                cursor = connection.cursor()
                cursor.execute("SET GLOBAL read_only = ON")
                cursor.execute("FLUSH TABLES WITH READ LOCK")
                cursor.execute("SELECT @@gtid_binlog_pos")
                position = cursor.fetchone()[0]
                self.proxy.close()
                best.ask(f"SELECT MASTER_GTID_WAIT('{position}', 10)", seconds=15)
                cursor.execute("UNLOCK TABLES")
            self.take_over(best, [server for server in self.others() if server not in (old, best)])
            self.demote(old)

    def demote(self, server):
        server.ask("SET GLOBAL read_only = ON", "SET GLOBAL rpl_semi_sync_master_enabled = OFF",
                   "SET GLOBAL rpl_semi_sync_slave_enabled = ON")  # fmt: skip
        server.follow(self.writer, ", MASTER_DEMOTE_TO_SLAVE=1")

    def heal(self):
        """Every server follows the primary. One that can't, since it holds what nobody acknowledged, is made anew."""
        for server in self.servers:
            server.start_if_ended()
            server.until(lambda state: "read_only" in state)
        for server in self.others():
            if server.follows():
                continue
            self.demote(server)
            if not wait(server.follows, 5):
                self.remade += 1
                server.end()
                server.wipe()
                server.start()
                server.until(lambda state: "read_only" in state)
                server.follow(self.writer)
                assert wait(server.follows, 30), server.ask("SHOW SLAVE STATUS")
        position = self.writer.position()
        for server in self.others():
            server.ask(f"SELECT MASTER_GTID_WAIT('{position}', 60)", seconds=65)


def sequence(position):
    """The last number of a position such as 0-20001-1234."""
    return int(position.rpartition("-")[2] or 0) if position else 0


def wait(true, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False
