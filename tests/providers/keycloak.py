"""Keycloak, its realm imported as an admin would write it down."""

import json
import os
import pathlib
import re
import shutil
import subprocess

from browser import Browser
from machine import TOOLS, Program, free_port, quietly
from provider import Provider

VERSION = "26.7.3"
REALM = "ours"
ADMIN = {"username": "admin", "password": "admin-for-tests"}


def client(name, secret, callback, **more):
    return {"clientId": name, "secret": secret, "redirectUris": [callback], "publicClient": False, **more}


def mapper(kind, **config):
    return {"name": kind, "protocol": "openid-connect", "protocolMapper": kind, "config": config}


class Keycloak(Provider):
    name = f"Keycloak {VERSION}"
    person = "Ada King"
    has_way_out = True
    consent = "consent"

    def __init__(self, folder, authority, callback, secret):
        # The clients besides the plain one, and what is set for them.
        self.clients = {
            "consent": {},
            "short": {},
            "several": {},
            "signed": {},
            "elsewhere": {"SCOPES": "openid"},
        }
        self.tries = {
            "short": "tokens of 60 seconds",
            "several": "two audiences",
            "signed": "PS256",
            "elsewhere": "a name that the userinfo endpoint alone says",
        }
        self.refused = {}
        self.authority, self.port = authority, free_port()
        self.origin = f"https://localhost:{self.port}"
        self.issuer = f"{self.origin}/realms/{REALM}"
        home = folder / "keycloak"
        shutil.copytree(built(), home, symlinks=True)
        (home / "data/import").mkdir(parents=True)
        audience = {"included.custom.audience": "other-api", "id.token.claim": "true"}
        only_there = {"full.path": "false", "id.token.claim": "false", "userinfo.token.claim": "true"}
        made = [
            client("plain", secret, callback("plain")),
            client("consent", secret, callback("consent"), consentRequired=True),
            client("short", secret, callback("short"), attributes={"access.token.lifespan": "60"}),
            client(
                "several", secret, callback("several"), protocolMappers=[mapper("oidc-audience-mapper", **audience)]
            ),
            client("signed", secret, callback("signed"), attributes={"id.token.signed.response.alg": "PS256"}),
            client(
                "elsewhere",
                secret,
                callback("elsewhere"),
                defaultClientScopes=["basic"],
                protocolMappers=[mapper("oidc-full-name-mapper", **only_there)],
            ),
        ]
        ada = {"username": "ada", "firstName": "Ada", "lastName": "King", "email": "ada@example.test"}
        password = {"type": "password", "value": "ada's password"}
        ada |= {"enabled": True, "emailVerified": True, "credentials": [password]}
        realm = {"realm": REALM, "enabled": True, "clients": made, "users": [ada]}
        (home / "data/import/ours.json").write_text(json.dumps(realm))
        self.program = Program(
            folder / "keycloak.log",
            [
                home / "bin/kc.sh",
                "start",
                "--optimized",
                "--import-realm",
                "--http-enabled=false",
                f"--https-port={self.port}",
                f"--hostname={self.origin}",
                f"--https-certificate-file={authority.certificate}",
                f"--https-certificate-key-file={authority.key}",
            ],
            {
                "JAVA_HOME": str(java()),
                "JAVA_OPTS_KC_HEAP": "-Xms128m -Xmx512m",
                # It runs for a minute: no time for the compiler to pay off.
                "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1",
                "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN["username"],
                "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMIN["password"],
            },
        )

    def answer(self, browser, page, agrees, until):
        """What a person does on a page of the provider."""
        if form := page.form("username", "password"):
            return browser.submit(page, form, {"username": "ada", "password": "ada's password"}, until=until)
        if form := page.form("accept", "cancel"):
            button = ("accept", "Yes") if agrees else ("cancel", "No")
            return browser.submit(page, form, {}, button, until)
        raise AssertionError(f"{page.url} answers {page.status}: {page.body[:2000]}")

    def rotate(self):
        """A new key, which signs from now on."""
        admin = Browser(self.authority.ca)
        grant = {"grant_type": "password", "client_id": "admin-cli", **ADMIN}
        token = json.loads(admin.send(f"{self.origin}/realms/master/protocol/openid-connect/token", grant).body)
        bearer = {"Authorization": f"Bearer {token['access_token']}", "Content-Type": "application/json"}
        key = {
            "name": "newer",
            "providerId": "rsa-generated",
            "providerType": "org.keycloak.keys.KeyProvider",
            "config": {"priority": ["200"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"]},
        }
        status = admin.post_json(f"{self.origin}/admin/realms/{REALM}/components", key, bearer).status
        assert status == 201, f"a new key: {status}"


def built():
    """Its folder, in which the build that each start would else begin with was made once."""
    home = TOOLS / f"keycloak-{VERSION}"
    if not (home / "built").exists():
        environment = {"PATH": os.environ["PATH"], "JAVA_HOME": str(java())}
        quietly(home / "bin/kc.sh", "build", "--db=dev-file", env=environment)
        (home / "built").touch()
    return home


def java():
    """The newest Java; it wants 21."""
    homes = [pathlib.Path(os.environ[name]) for name in ("JAVA_HOME",) if os.environ.get(name)]
    homes += pathlib.Path("/usr/lib/jvm").glob("*")
    said = {
        home: subprocess.run([home / "bin/java", "-version"], capture_output=True, text=True, check=False).stderr
        for home in homes
        if (home / "bin/java").exists()
    }
    versions = {home: int(found[1]) for home, text in said.items() if (found := re.search(r'version "(\d+)', text))}
    newest = max(versions, key=versions.get, default=None)
    if newest is None or versions[newest] < 21:
        raise SystemExit("Keycloak wants Java 21 or newer: set JAVA_HOME, or install openjdk-21-jre-headless")
    return newest
