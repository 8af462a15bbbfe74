#!/usr/bin/env python3
"""A Hanip that does not do what it answers, for scripts/load: INSIDE=… FAULT=… PROGRAM=tests/load/faulty.py scripts/load

It is the standalone INSIDE behind a proxy, which does one thing wrong: `refuses` a review that is right, `loses` a slip and
answers that it is stored, or `adds` one that nobody has sent. Without a FAULT it passes everything on.
"""

import http.client
import http.server
import os
import re
import signal
import subprocess
import sys
import threading

REVIEW = re.compile(r"/api/reviews/[\d-]+")
SLIP = re.compile(r"(/api/reviews/[\d-]+/slips/0198c0de-0000-7000-8000-)\w+")
AT = 5  # which of its kind


def serve(port, inside, fault):
    seen, lock = {"review": 0, "slip": 0}, threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kind = self.command == "PUT" and (
                "slip" if SLIP.fullmatch(self.path) else "review" if REVIEW.fullmatch(self.path) else None
            )
            if self.is_the_one(kind, "review", "refuses"):
                return self.answer(503, [], b"")
            if self.is_the_one(kind, "slip", "loses"):
                return self.answer(201, [], b"{}")
            if self.is_the_one(kind, "slip", "adds"):
                self.ask(SLIP.sub(r"\g<1>000000000000", self.path), body)
            return self.answer(*self.ask(self.path, body))

        do_GET = do_POST = do_PUT = pass_on

        def is_the_one(self, kind, wanted, what):
            if kind != wanted or fault != what:
                return False
            with lock:
                seen[kind] += 1
                return seen[kind] == AT

        def ask(self, path, body):
            connection = http.client.HTTPConnection("127.0.0.1", inside, timeout=60)
            connection.request(self.command, path, body or None, dict(self.headers))
            answer = connection.getresponse()
            try:
                return answer.status, answer.getheaders(), answer.read()
            finally:
                connection.close()

        def answer(self, status, headers, body):
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    port = int(os.environ["PORT"])
    inside = port + 1 if port < 65535 else port - 1
    own = {"PORT": str(inside), "PUBLIC_ORIGIN": f"http://127.0.0.1:{port}"}
    hanip = subprocess.Popen([os.environ["INSIDE"]], env={**os.environ, **own})
    signal.signal(signal.SIGTERM, lambda *_: hanip.terminate())
    serve(port, inside, os.environ.get("FAULT"))
    sys.exit(hanip.wait())


main()
