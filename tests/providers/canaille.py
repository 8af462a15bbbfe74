"""Canaille, set up by its own command as its admin would."""

import json

from machine import ROOT, Program, free_port, quietly
from provider import Provider

VERSION = "0.3.6"


class Canaille(Provider):
    name = f"Canaille {VERSION}"
    person = "Ada King"
    has_way_out = True
    consent = "plain"

    def __init__(self, folder, authority, callback, secret):
        self.clients = {"several": {}, "signed": {}}
        self.tries = {"signed": "RS256, chosen for this client"}
        self.refused = {"several": ("two audiences, of which it names none as ours", "does not say for which (azp)")}
        self.authority, self.port = authority, free_port()
        self.issuer = f"https://localhost:{self.port}"
        self.config, self.command = folder / "canaille.toml", ROOT / "target/providers/bin/canaille"
        bind = ["--bind", f"127.0.0.1:{self.port}", "--certfile", authority.certificate, "--keyfile", authority.key]
        environment = {"CANAILLE_CONFIG": str(self.config)}
        self.program = Program(folder / "canaille.log", [self.command, "run", *bind], environment, folder)
        self.database, self.keys = f"sqlite:///{folder}/canaille.sqlite", []
        self.new_key()
        self.do("install")
        ada = {"user-name": "ada", "given-name": "Ada", "family-name": "King", "formatted-name": "Ada King"}
        self.create("user", **ada, emails="ada@example.test", password="ada's password")
        plain = {"client-secret": secret, "grant-types": "authorization_code", "response-types": "code"}
        plain |= {"token-endpoint-auth-method": "client_secret_basic", "scope": ["openid", "profile", "email"]}
        for name, more in {"plain": {}, "several": {}, "signed": {"id-token-signed-response-alg": "RS256"}}.items():
            self.create(
                "client", **{"client-id": name, "client-name": name, "redirect-uris": callback(name)}, **plain, **more
            )
            self.do("set", "client", name, "--audience", name, *(["--audience", "plain"] if name == "several" else []))

    def do(self, *command):
        return quietly(self.command, *command, env=self.program.environment, cwd=self.program.folder)

    def create(self, kind, **parts):
        told = [(name, one) for name, value in parts.items() for one in ([value] if isinstance(value, str) else value)]
        self.do("create", kind, *[word for name, one in told for word in (f"--{name}", one)])

    def new_key(self):
        """A new key, which signs from now on; those before are good for what they have signed."""
        self.write()
        made = self.do("jwk", "create", "rsa")
        self.keys.insert(0, json.loads(made[made.index("{") :]))
        self.write()

    def write(self):
        keys = [json.dumps(key).replace('": ', '" = ') for key in self.keys]
        lines = ['SECRET_KEY = "a secret of canaille for tests"', f'SERVER_NAME = "localhost:{self.port}"']
        lines += ['PREFERRED_URL_SCHEME = "https"', "[CANAILLE]", 'DATABASE = "sql"', "[CANAILLE_SQL]"]
        lines += [f'DATABASE_URI = "{self.database}"', "[CANAILLE_OIDC]", "TRUSTED_DOMAINS = []"]
        if keys:
            lines += [f"ACTIVE_JWKS = [{keys[0]}]", f"INACTIVE_JWKS = [{', '.join(keys[1:])}]"]
        self.config.write_text("\n".join(lines) + "\n")

    def answer(self, browser, page, agrees, until):
        """What a person does on a page of the provider."""
        if form := page.form("password"):
            return browser.submit(page, form, {"password": "ada's password"}, until=until)
        if form := page.form("login"):
            return browser.submit(page, form, {"login": "ada"}, until=until)
        if form := page.form("answer"):
            return browser.submit(page, form, {}, ("answer", "accept" if agrees else "deny"), until)
        raise AssertionError(f"{page.url} answers {page.status}: {page.body[:2000]}")

    def rotate(self):
        """It reads its keys when it starts: nothing but a restart makes it sign with a new one."""
        self.new_key()
        self.stop()
        self.start()
