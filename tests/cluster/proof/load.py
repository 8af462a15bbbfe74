"""People at the door: requests over the edge's port on a node, each answer counted by its status."""

import collections
import http.client
import select
import threading
import time

PORT, HOST = 30080, "localhost:8080"


class Person:
    """A session of somebody whom people.sql has made."""

    def __init__(self, number):
        self.cookie = f"hanip_session=token{number}"
        self.connection = None

    def ask(self, path):
        """The status of the answer, its text, and the seconds that it took."""
        headers = {"Host": HOST, "Cookie": self.cookie, "Accept-Encoding": "identity"}
        began = time.monotonic()
        # As browsers do: a connection that the server has closed meanwhile is not used again.
        if self.connection and self.connection.sock and select.select([self.connection.sock], [], [], 0)[0]:
            self.leave()
        try:
            self.connection = self.connection or http.client.HTTPConnection("127.0.0.1", PORT, timeout=70)
            self.connection.request("GET", path, headers=headers)
            answer = self.connection.getresponse()
            text = answer.read().decode()
            if answer.will_close:
                self.leave()
            return answer.status, text, time.monotonic() - began
        except (OSError, http.client.HTTPException) as error:
            self.leave()
            return 0, repr(error), time.monotonic() - began

    def leave(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Crowd:
    """CLIENTS at once, each a person; RATE requests a second of all of them, or as fast as they are answered."""

    def __init__(self, clients, path, rate=None):
        self.clients, self.path, self.rate = clients, path, rate
        self.statuses, self.failures = collections.Counter(), []
        self.ended = threading.Event()
        self.lock = threading.Lock()

    def __enter__(self):
        self.threads = [threading.Thread(target=self.work, args=(number,)) for number in range(self.clients)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def work(self, number):
        person, pause = Person(number + 1), self.clients / self.rate if self.rate else 0
        while not self.ended.is_set():
            began = time.monotonic()
            status, text, seconds = person.ask(self.path)
            with self.lock:
                self.statuses[status] += 1
                if status != 200:
                    self.failures.append(f"{status} after {seconds:.1f} s: {text[:200]}")
            self.ended.wait(max(0, pause - (time.monotonic() - began)))

    @property
    def asked(self):
        return sum(self.statuses.values())

    @property
    def failed(self):
        return self.asked - self.statuses[200]
