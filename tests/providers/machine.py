"""What a try needs of the machine: ports, programs, a certificate authority of one's own."""

import os
import pathlib
import socket
import subprocess
import time


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def quietly(*command, **options):
    """Runs a command; the answer is what it prints, and what it complains of is shown where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise SystemExit(f"{command[0]}: {done.stdout}{done.stderr}")
    return done.stdout


class Program:
    """A server, started and stopped as often as a try wants. Its output is in a file."""

    def __init__(self, log, command, environment, folder=None):
        self.log, self.command, self.folder = log, command, folder
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(log.parent), "LANG": "C.UTF-8", **environment}
        self.process = None

    def start(self, is_ready, patience=300):
        began = time.monotonic()
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        while not is_ready():
            if self.process.poll() is not None or time.monotonic() - began > patience:
                raise SystemExit(f"{self.command[0]} did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.2)
        return time.monotonic() - began

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Authority:
    """A certificate authority of one's own, and a certificate of it for this machine."""

    def __init__(self, folder):
        self.ca, self.key, self.certificate = (folder / name for name in ("ca.pem", "server.key", "server.pem"))
        ca_key, request, names = folder / "ca.key", folder / "server.csr", folder / "names"
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
        new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj"]
        quietly(*new, "/CN=Our own authority", "-x509", "-days", "2", "-keyout", ca_key, "-out", self.ca)
        quietly(*new, "/CN=localhost", "-keyout", self.key, "-out", request)
        signer = ["-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2"]
        quietly("openssl", "x509", "-req", "-in", request, *signer, "-extfile", names, "-out", self.certificate)


ROOT = pathlib.Path(__file__).parents[2]
TOOLS = ROOT / "target/tools"
