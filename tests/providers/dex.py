"""Dex, with a file of settings as its admin would write it, and people with passwords of its own."""

import json
import time

from browser import Browser
from machine import TOOLS, Program, free_port
from provider import Provider

VERSION = "2.13.0"
# "ada's password", by bcrypt.
PASSWORD = "$2b$10$KSIRnr5AtDOTYPNUbIsadO7ECSj0DDHY49DHFuSaUlHsxhBp5dw5y"


class Dex(Provider):
    name = f"Dex {VERSION}"
    person = "Ada King"
    has_way_out = False
    # Who declines reads so on a page of Dex, which sends nobody back.
    consent = None

    def __init__(self, folder, authority, callback, secret):
        self.clients = {"several": {"SCOPES": "profile email audience:server:client_id:other-api"}}
        self.tries = {"plain": "tokens of 60 seconds", "several": "two audiences"}
        self.refused = {}
        self.authority, self.port = authority, free_port()
        self.issuer = f"https://localhost:{self.port}/dex"
        home = TOOLS / f"dex-{VERSION}"
        clients = [
            {"id": name, "name": name, "secret": secret, "redirectURIs": [callback(name)]}
            for name in ("plain", "several")
        ]
        other = {"id": "other-api", "name": "other", "secret": "x", "redirectURIs": [], "trustedPeers": ["several"]}
        ada = {"email": "ada@example.test", "hash": PASSWORD, "username": self.person, "userID": "ada"}
        settings = {
            "issuer": self.issuer,
            "storage": {"type": "sqlite3", "config": {"file": str(folder / "dex.sqlite")}},
            "web": {
                "https": f"127.0.0.1:{self.port}",
                "tlsCert": str(authority.certificate),
                "tlsKey": str(authority.key),
            },
            "frontend": {"dir": str(home / "web")},
            # Tokens of a minute, and a new key as often as it looks at its keys: every 30 seconds.
            "expiry": {"idTokens": "60s", "signingKeys": "20s"},
            "staticClients": [*clients, other],
            "enablePasswordDB": True,
            "staticPasswords": [ada],
        }
        (folder / "dex.yaml").write_text(json.dumps(settings))
        self.program = Program(folder / "dex.log", [home / "dex", "serve", folder / "dex.yaml"], {})

    def answer(self, browser, page, agrees, until):
        """What a person does on a page of the provider."""
        if form := page.form("login", "password"):
            return browser.submit(page, form, {"login": "ada@example.test", "password": "ada's password"}, until=until)
        if form := page.form("approval"):
            return browser.submit(page, form, {"approval": "approve" if agrees else "rejected"}, until=until)
        raise AssertionError(f"{page.url} answers {page.status}: {page.body[:2000]}")

    def keys(self):
        return [key["kid"] for key in json.loads(Browser(self.authority.ca).send(f"{self.issuer}/keys").body)["keys"]]

    def rotate(self):
        """It makes a new key by itself, which signs from then on."""
        before = set(self.keys())
        while set(self.keys()) <= before:
            time.sleep(0.5)
