"""Ory Hydra, and the application of its admin that says who comes: here everybody is Ada, who agrees or not."""

import http.server
import json
import threading
import urllib.parse

from browser import Browser, answers
from machine import TOOLS, Program, free_port, quietly
from provider import Provider

VERSION = "2.3.0"


class Hydra(Provider):
    name = f"Ory Hydra {VERSION}"
    person = "Ada King"
    has_way_out = True
    consent = "plain"

    def __init__(self, folder, authority, callback, secret):
        self.clients = {"short": {}, "posts": {}}
        self.tries = {"short": "tokens of 60 seconds", "posts": "a client that sends its secret in the body"}
        self.refused = {}
        self.authority, self.port, self.admin = authority, free_port(), f"http://127.0.0.1:{(admin := free_port())}"
        self.issuer = f"https://localhost:{self.port}"
        self.agrees = True
        self.pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        threading.Thread(target=self.pages.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{self.pages.server_port}"
        environment = {
            "DSN": f"sqlite://{folder}/hydra.sqlite?_fk=true",
            "SECRETS_SYSTEM": "a secret of the system for tests",
            "URLS_SELF_ISSUER": self.issuer,
            "URLS_LOGIN": f"{place}/login",
            "URLS_CONSENT": f"{place}/consent",
            "SERVE_PUBLIC_HOST": "127.0.0.1",
            "SERVE_PUBLIC_PORT": str(self.port),
            "SERVE_PUBLIC_TLS_ENABLED": "true",
            "SERVE_PUBLIC_TLS_CERT_PATH": str(authority.certificate),
            "SERVE_PUBLIC_TLS_KEY_PATH": str(authority.key),
            "SERVE_ADMIN_HOST": "127.0.0.1",
            "SERVE_ADMIN_PORT": str(admin),
            "SERVE_ADMIN_TLS_ENABLED": "false",
            "SQA_OPT_OUT": "true",
        }
        hydra = TOOLS / f"hydra-{VERSION}"
        self.program = Program(folder / "hydra.log", [hydra, "serve", "all"], environment)
        quietly(hydra, "migrate", "sql", "--read-from-env", "--yes", env=self.program.environment)
        plain = {"client_secret": secret, "scope": "openid profile email", "grant_types": ["authorization_code"]}
        plain |= {"response_types": ["code"]}
        more = {
            "plain": {},
            "short": {"authorization_code_grant_id_token_lifespan": "60s"},
            "posts": {"token_endpoint_auth_method": "client_secret_post"},
        }
        self.made = [
            {"client_id": name, "redirect_uris": [callback(name)], **plain, **parts} for name, parts in more.items()
        ]

    def start(self):
        took = self.program.start(self.is_ready)
        for client in self.made:
            answer = Browser(self.authority.ca).post_json(f"{self.admin}/admin/clients", client)
            assert answer.status == 201, f"{client['client_id']}: {answer.status} {answer.body}"
        self.made = []
        return took

    def is_ready(self):
        return answers(f"{self.issuer}/health/ready", self.authority.ca)

    def answer(self, browser, page, agrees, until):
        """Hydra itself has no page: it asks the application, which sends the browser on."""
        if "/agree?" not in page.url:
            raise AssertionError(f"{page.url} answers {page.status}: {page.body[:2000]}")
        form = page.form("agrees")
        return browser.submit(page, form, {"agrees": "yes" if agrees else "no"}, until=until)

    def rotate(self):
        """A new key, which signs from now on."""
        key = {"alg": "RS256", "use": "sig", "kid": "newer"}
        keys = f"{self.admin}/admin/keys/hydra.openid.id-token"
        answer = Browser(self.authority.ca).post_json(keys, key)
        assert answer.status == 201, f"{answer.status} {answer.body}"

    def ask(self, kind, challenge, verdict=None, value=None):
        path = f"{self.admin}/admin/oauth2/auth/requests/{kind}{f'/{verdict}' if verdict else ''}"
        path += "?" + urllib.parse.urlencode({f"{kind}_challenge": challenge})
        browser = Browser(self.authority.ca)
        answer = browser.send(path) if verdict is None else browser.post_json(path, value, method="PUT")
        return json.loads(answer.body)

    def handler(outer):
        """The application: it takes everybody for Ada, then asks whether she agrees."""

        class Pages(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                told = dict(urllib.parse.parse_qsl(url.query))
                if url.path == "/login":
                    self.go(outer.ask("login", told["login_challenge"], "accept", {"subject": "ada"}))
                elif url.path == "/consent":
                    self.send_response(302)
                    self.send_header("Location", f"/agree?{url.query}")
                    self.end_headers()
                else:
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(b'<form action=""><input name="agrees"></form>')

            def do_POST(self):
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                told = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                challenge = told["consent_challenge"]
                if dict(urllib.parse.parse_qsl(form))["agrees"] == "no":
                    self.go(outer.ask("consent", challenge, "reject", {"error": "access_denied"}))
                    return
                asked = outer.ask("consent", challenge)
                claims = {"id_token": {"name": "Ada King", "email": "ada@example.test"}}
                value = {"grant_scope": asked["requested_scope"], "session": claims}
                self.go(outer.ask("consent", challenge, "accept", value))

            def go(self, answer):
                self.send_response(302)
                self.send_header("Location", answer["redirect_to"])
                self.end_headers()

            def log_message(self, *_):
                pass

        return Pages
