"""Signs in with a provider that is run for real, as its admin and a person would: run.py PROGRAM PROVIDER…

PROGRAM is Hanip's standalone. Each provider has a certificate of an authority of one's own. Every line is what was
tried, and what came of it.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

from browser import Browser, answers
from canaille import Canaille
from dex import Dex
from hydra import Hydra
from keycloak import Keycloak
from machine import Authority, Program, free_port

PROVIDERS = {"canaille": Canaille, "dex": Dex, "hydra": Hydra, "keycloak": Keycloak}
SECRET = "a-secret-for-tests-of-letters-and-hyphens"


class Try:
    def __init__(self, program, kind, folder):
        self.began, self.authority = time.monotonic(), Authority(folder)
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.provider = kind(folder, self.authority, self.callback, SECRET)
        settings = {"PORT": str(self.port), "DATA_DIR": str(folder / "data"), "LOG": "info"}
        for name, more in {"plain": {}, **self.provider.clients}.items():
            parts = {
                "ISSUER": self.provider.issuer,
                "CLIENT_ID": self.provider.client_id(name),
                "CLIENT_SECRET": SECRET,
                **more,
            }
            settings |= {f"OIDC_{name.upper()}_{part}": value for part, value in parts.items() if value is not None}
        self.program, self.settings = program, settings
        trusting = {**settings, "OIDC_CA_FILE": str(self.authority.ca)}
        self.app = Program(folder / "hanip.log", [program], trusting)

    def callback(self, name):
        return f"{self.origin}/api/auth/{name}/callback"

    def say(self, what, came="right"):
        print(f"{self.provider.name}: {what}: {came}", flush=True)

    def check(self, settings):
        """What `--check` says of each client."""
        command = Program(pathlib.Path(self.settings["DATA_DIR"] + ".check"), [], settings)
        done = subprocess.run(
            [self.program, "--check"], env=command.environment, capture_output=True, text=True, check=False
        )
        return done.stdout.splitlines()

    def come_back(self, browser, name, agrees=True):
        """Goes to the provider; the answer is the address of the callback, not yet opened."""
        until = self.callback(name)
        page = browser.open(f"{self.origin}/api/auth/{name}/start?return_to=/settings", until=until)
        for _ in range(8):
            if page.url.startswith(until):
                return page.url
            page = self.provider.answer(browser, page, agrees, until)
        raise AssertionError(f"{name}: no way back from {page.url}")

    def sign_in(self, name, browser=None):
        """Signs somebody in; the answer is who it is."""
        browser = browser or Browser(self.authority.ca)
        landed = browser.open(self.come_back(browser, name))
        assert landed.url == f"{self.origin}/settings", (
            f"{name} ends at {landed.url}\n{self.app.log.read_text()[-2000:]}"
        )
        return json.loads(browser.send(f"{self.origin}/api/auth/me").body)

    def run(self):
        took = self.provider.start()
        self.say("started", f"{took:.0f} s")
        try:
            self.tries()
        finally:
            self.app.stop()
            self.provider.stop()
        self.say("all of it", f"{time.monotonic() - self.began:.0f} s")

    def tries(self):
        provider = self.provider
        untrusted = self.check(self.settings)
        assert untrusted and all("set OIDC_CA_FILE" in line for line in untrusted), untrusted
        checked = self.check({**self.settings, "OIDC_CA_FILE": str(self.authority.ca)})
        assert len(checked) == 1 + len(provider.clients), checked
        assert all(": right: " in line and "it knows the client" in line for line in checked), checked
        wrong = {**self.settings, "OIDC_CA_FILE": str(self.authority.ca), "OIDC_PLAIN_CLIENT_SECRET": "x"}
        [line] = [line for line in self.check(wrong) if line.startswith("plain: ")]
        assert "WRONG" in line and "OIDC_PLAIN_CLIENT_SECRET" in line, line
        self.say("an authority of one's own, and what --check says")

        # It listens before its database is there, and answers then.
        self.app.start(lambda: answers(f"{self.origin}/api/auth/providers", self.authority.ca))
        if provider.consent:
            browser = Browser(self.authority.ca)
            refused = browser.open(self.come_back(browser, provider.consent, agrees=False))
            assert refused.url == f"{self.origin}/sign-in?problem=sign-in-refused", refused.url
        self.say("refused consent", "right" if provider.consent else "it sends nobody back")

        ada = self.sign_in("plain")
        assert ada["display_name"] == provider.person, ada
        # Canaille fails where it would make the same access token again, which it does within a second.
        time.sleep(1)
        assert self.sign_in("plain")["id"] == ada["id"]
        self.say("a sign-in with its default client, and again", ada["display_name"])

        for name, words in provider.tries.items():
            assert self.sign_in(name)["id"] == ada["id"], name
            self.say(words)
        for name, (words, reason) in provider.refused.items():
            browser = Browser(self.authority.ca)
            failed = browser.open(self.come_back(browser, name))
            assert failed.url == f"{self.origin}/sign-in?problem=sign-in-failed", failed.url
            assert reason in self.app.log.read_text(), reason
            self.say(words, f"refused, the log says: {reason}")

        provider.rotate()
        assert self.sign_in("plain")["id"] == ada["id"]
        self.say("a new key while it runs")

        browser = Browser(self.authority.ca)
        callback = self.come_back(browser, "plain")
        provider.stop()
        failed = browser.open(callback)
        assert failed.url == f"{self.origin}/sign-in?problem=sign-in-failed", failed.url
        provider.start()
        assert self.sign_in("plain", browser)["id"] == ada["id"]
        self.say("down, and back")

        browser.send(f"{self.origin}/api/auth/logout", headers={"Origin": self.origin}, method="POST")
        listed = json.loads(browser.send(f"{self.origin}/api/auth/providers").body)["providers"]
        out = next(one["sign_out_url"] for one in listed if one["id"] == "plain")
        assert bool(out) == provider.has_way_out, out
        self.say("a way out after signing out", out.split("?")[0].removeprefix(provider.issuer) if out else "none")


def main(program, *names):
    for name in names or PROVIDERS:
        with tempfile.TemporaryDirectory(prefix="hanip-providers.") as folder:
            Try(program, PROVIDERS[name], pathlib.Path(folder)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
