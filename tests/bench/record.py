"""Stands between a function and its database, and records what the function sends."""

import socket
import threading
import time

import world

QUERY, PING, PREPARE, EXECUTE = 0x03, 0x0E, 0x16, 0x17


class Connection:
    """One connection of the function's pool."""

    def __init__(self, recorder, client):
        self.recorder, self.client = recorder, client
        self.server = socket.socket(socket.AF_UNIX)
        self.server.connect(world.SERVER)
        self.handshake, self.setup, self.preparing, self.prepared = None, [], None, {}
        self.is_set_up = False
        for direction in (self.up, self.down):
            threading.Thread(target=direction, daemon=True).start()

    def up(self):
        buffer = b""
        while data := self.client.recv(65536):
            buffer += data
            while len(buffer) >= 4 and len(buffer) >= (size := 4 + int.from_bytes(buffer[:3], "little")):
                packet, buffer = buffer[:size], buffer[size:]
                self.record(packet[3], packet[4:])
                self.server.sendall(packet)
        self.server.close()

    def down(self):
        try:
            while data := self.server.recv(65536):
                if self.preparing and data[4] == 0:
                    self.prepared[data[5:9]] = self.preparing
                self.preparing = None
                self.client.sendall(data)
        except OSError:
            pass

    def record(self, sequence, payload):
        if sequence > 0:
            self.handshake = self.handshake or payload.hex()
        elif payload[0] == PREPARE:
            self.preparing = payload[1:].decode()
        elif payload[0] in (QUERY, PING, EXECUTE):
            sql = self.prepared[payload[1:5]] if payload[0] == EXECUTE else None
            command = {"sql": sql, "payload": payload.hex()}
            # A pool sets its connections up before it hands them out.
            self.is_set_up |= not (payload[1:4] == b"SET" and b"START TRANSACTION" not in payload)
            if self.is_set_up:
                self.recorder.sent.append((self, command))
            else:
                self.setup.append(command)


class Recorder:
    def __init__(self, name="recorder"):
        (world.SCRATCH / name).unlink(missing_ok=True)
        self.socket, self.sent = str(world.SCRATCH / name), []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.socket)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            Connection(self, self.listener.accept()[0])

    def record(self, act):
        """What was sent while `act` ran, and after it until every connection was clean again."""
        self.sent.clear()
        act()
        until = time.monotonic() + 5
        while not self.is_quiet() and time.monotonic() < until:
            time.sleep(0.002)
        return list(self.sent)

    def is_quiet(self):
        last = dict(list(self.sent))
        return bool(last) and all(is_ping(command) for command in last.values())


def is_ping(command):
    return command["payload"] == f"{PING:02x}"


def cleans(command):
    return is_ping(command) or bytes.fromhex(command["payload"]).startswith(b"\x03ROLLBACK")


def uses(sent):
    """Each time a connection was taken from the pool: its statements, and how it was cleaned after them."""
    found, current = [], {}
    for connection, command in sent:
        if connection not in current:
            if is_ping(command):
                continue  # it had idled, and was tried before it was handed out
            current[connection] = {"statements": [], "clean": []}
            found.append(current[connection])
        current[connection]["clean" if cleans(command) else "statements"].append(command)
        if is_ping(command):
            del current[connection]
    return found


def setup(sent):
    connection = sent[0][0]
    return {"handshake": connection.handshake, "commands": connection.setup}


def fresh(sent):
    """For each connection, how it was set up and what it was first used for."""
    by_connection = {}
    for connection, command in sent:
        if not cleans(command):
            by_connection.setdefault(connection, []).append(command)
    return [
        {"setup": setup([(connection, None)]), "statements": statements}
        for connection, statements in by_connection.items()
    ]
