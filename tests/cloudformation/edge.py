"""What the edge of a cluster does with paths, and with which headers: CloudFront has to do the same."""

import functools
import json
import re
import subprocess

# Paths that show every rule, beside those of each function.
PATHS = [
    *("/", "/index.html", "/today", "/foods/1", "/sw.js", "/manifest.webmanifest", "/a.b/c", "/a/b.c", "/assets/x", "/assets/x.js"),
    *("/.git", "/.well-known/x", "/a/.b", "/a/%2eb", "/a%2F.b", "/a%2f%2Eb", "/assets/.x", "/index.html.br", "/x.gz", "/x.brr"),
    *("/api", "/api/", "/api/nothing", "/api/nothing/x", "/apis", "/local", "/local/sign-in", "/locals", "/healthz", "/metrics"),
    *("/metrics/x", "/metricsx", "/api/.env", "/figures"),
]  # fmt: skip
METHODS = ["GET", "HEAD", "POST", "DELETE"]
LANGUAGES = ["", "ko", "en", "ko-KR,ko;q=0.9,en;q=0.8", "en-US,ko", "fr, ko", "kok, en", "de"]

RUN = """
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(asked.map(([method, uri, language]) => {
  const headers = {'hanip-client': {value: 'forged'}};
  if (language) headers['accept-language'] = {value: language};
  return handler({request: {method, uri, headers, querystring: {}}, viewer: {ip: '192.0.2.7'}});
})));
"""


class Edge:
    """Reads the nginx.conf that scripts/edge prints."""

    def __init__(self, configuration):
        self.text = configuration
        self.routes = dict(
            re.findall(r"location ~ \^(/api/\w+)\(/\|\$\) \{\s+set \$function (\w+);", configuration),
        )
        self.dotted = [
            (re.compile(pattern, re.IGNORECASE if mode else 0), value == "1")
            for mode, pattern, value in re.findall(
                r'"~(\*?)(.*)" ([01]);', self.block('map "$request_uri $uri" $dotted')
            )
        ]
        self.nothing = [re.compile(found) for found in re.findall(r"location ~ (\S+) \{\s+return 404;", configuration)]
        self.files = [re.compile(found) for found in re.findall(r"~(\S+) \$uri;", self.block("map $uri $file"))]

    def block(self, head):
        return self.text.partition(head)[2].partition("\n    }\n")[0]

    def headers(self, place):
        """The security headers of a place: those that do not depend on what is asked for."""
        block = self.text.partition(f"location {place} {{")[2].partition("\n        }\n")[0]
        return dict(re.findall(r'add_header ([a-z-]+) "([^"]*)" always;', block))

    def words(self, name):
        """The problem in both languages, as nginx says it."""
        found = re.findall(r"(ko|default) '(.*)';", self.block(f"map $language ${name}"))
        return {"en" if language == "default" else language: text.replace("\\'", "'") for language, text in found}

    def answer(self, method, path):
        """A function's name, a status, or the file."""
        if next((value for pattern, value in self.dotted if pattern.search(f"{path} {path}")), False):
            return 404
        for prefix, function in self.routes.items():
            if re.match(rf"{prefix}(/|$)", path):
                return function
        if any(pattern.search(path) for pattern in self.nothing):
            return 404
        if method not in ("GET", "HEAD"):
            return 405
        return path if any(pattern.search(path) for pattern in self.files) else "/index.html"

    def language(self, accepted):
        pattern = re.search(r'"~\*(.*)" ko;', self.block("map $http_accept_language $language")).group(1)
        return "ko" if re.search(pattern, accepted, re.IGNORECASE) else "en"


@functools.cache
def faults(code, configuration):
    """Where the function of CloudFront differs from the edge."""
    return list(found(code, Edge(configuration)))


def found(code, edge):
    paths = PATHS + [prefix + rest for prefix in edge.routes for rest in ("", "/", "/x", "/x/y.z", "/.x", "x")]
    asked = [(method, path, "") for path in paths for method in METHODS]
    asked += [(method, path, spoken) for spoken in LANGUAGES for method, path in (("GET", "/api"), ("POST", "/"))]
    ran = subprocess.run(
        ["node", "--input-type=commonjs", "--eval", code + RUN],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        yield "path", f"Edge: its code does not run: {ran.stderr.strip().splitlines()[-1]}"
        return
    headers = edge.headers("@not_found")
    texts = {404: edge.words("not_found"), 405: edge.words("method_not_allowed")}
    for (method, path, spoken), answer in zip(asked, json.loads(ran.stdout), strict=True):
        wanted = edge.answer(method, path)
        if isinstance(wanted, int):
            yield from problem_faults(
                f"{method} {path} {spoken}".strip(), answer, wanted, edge.language(spoken), texts, headers
            )
        elif "statusCode" in answer:
            yield "path", f"Edge: {method} {path}: {answer['statusCode']}, and the edge gives it to {wanted}"
        elif wanted in edge.routes.values():
            if answer["uri"] != path or answer["headers"].get("hanip-client") != {"value": "192.0.2.7"}:
                yield (
                    "path",
                    f"Edge: {method} {path}: expected the path as it came, and hanip-client, the address of who asks",
                )
        elif answer["uri"] != wanted:
            yield "path", f"Edge: {method} {path}: {answer['uri']}, and the edge {wanted}"


def problem_faults(asked, answer, status, language, texts, headers):
    if answer.get("statusCode") != status:
        yield "path", f"Edge: {asked}: expected {status}, as the edge answers"
        return
    said = {name: header["value"] for name, header in answer["headers"].items()}
    wanted = {
        **headers,
        "content-type": "application/problem+json",
        "content-language": language,
        "vary": "Accept-Language",
        "cache-control": "no-store",
        **({"allow": "GET, HEAD"} if status == 405 else {}),
    }
    for name in sorted(said.keys() | wanted.keys()):
        if said.get(name) != wanted.get(name):
            yield "header", f"Edge: {asked}: {name}: {said.get(name)}, and the edge {wanted.get(name)}"
    if answer["body"]["data"] != texts[status][language]:
        yield "header", f"Edge: {asked}: {answer['body']['data']}, and the edge {texts[status][language]}"
