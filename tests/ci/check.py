"""What fits together in continuous integration: stages, credentials, workflows, versions. check.py, in the root."""

import json
import pathlib
import re

import yaml

pipeline = pathlib.Path("Jenkinsfile").read_text()
values = yaml.safe_load(pathlib.Path("ci/jenkins/values.yaml").read_text())["controller"]
page = pathlib.Path("docs/delivery.md").read_text()
faults = []


def expect(right, words):
    if not right:
        faults.append(words)


def same(what, one, other):
    faults.extend(f"{what}: {name}" for name in sorted(set(one) ^ set(other)))


# A stage is `scripts/ci STAGE` everywhere, and does nothing else.
stages = re.findall(r"stage\('(\w+)'\)", pipeline)
same("a stage that is not `scripts/ci` of its name", stages, re.findall(r"sh 'scripts/ci (\w+)'", pipeline))
for name in ("ci", "release"):
    text = pathlib.Path(f".github/workflows/{name}.yml").read_text()
    for stage in re.findall(r"scripts/ci (\w+)", text):
        expect(stage in stages, f"{name}.yml: scripts/ci {stage} is no stage")
    expect("scripts/ci test" in text, f"{name}.yml: it does not test")
    called = re.findall(r"\bscripts/(?!ci )[a-z-]+", text)
    expect(not called, f"{name}.yml: what it calls beside scripts/ci: {called}")
    expect(name == "release" or "secrets." not in text, f"{name}.yml: a fork's change would run with a secret")

# A release is for every architecture that images can be for. The tests are for their own alone, in a job that may do less.
release = yaml.safe_load(pathlib.Path(".github/workflows/release.yml").read_text())
tests, images = release["jobs"]["test"], release["jobs"]["images"]
architectures = re.search(r"^declare -A cpu_of=\((.*)\)$", pathlib.Path("scripts/lib.sh").read_text(), re.MULTILINE)[1]
wanted = {f"linux/{name}" for name in re.findall(r"\[(\w+)\]", architectures)}
built = {step["run"]: step.get("env", {}).get("PLATFORMS", "") for step in images["steps"] if "run" in step}
same("release.yml: an architecture of images that it does not build", wanted, built["scripts/ci images"].split(","))
expect("PLATFORMS" not in str([tests, release.get("env")]), "release.yml: tests for another architecture")
expect("scripts/ci test" not in built, "release.yml: tests in a job that may write")
expect(images["needs"] == "test", "release.yml: images without tests")
expect(tests["permissions"] == {"contents": "read"}, "release.yml: the tests may do more than read")
expect("environment" not in tests and "secrets." not in str(tests), "release.yml: tests with a secret")

# Each credential that the Jenkinsfile binds is one of Jenkins, each of its secrets is a file of the Secret, and no
# secret is written out.
parts = {name: yaml.safe_load(text) for name, text in values["JCasC"]["configScripts"].items()}
credentials = {}
for entry in parts["credentials"]["credentials"]["system"]["domainCredentials"][0]["credentials"]:
    ((kind, fields),) = entry.items()
    credentials[fields["id"]] = kind
    secret = next(fields[name] for name in ("secretBytes", "secret", "password") if name in fields)
    expected = f"jenkins-ci-{fields['id']}"
    ways = {f"${{readFileBase64:/run/secrets/additional/{expected}}}", f"${{{expected}}}"}
    expect(secret in ways, f"the credential {fields['id']} is not read from a file of its name")
files = {name for name, kind in credentials.items() if kind == "file"}
same(
    "a credential that only one of Jenkinsfile and values.yaml has",
    re.findall(r"credentialsId: '([\w-]+)'", pipeline),
    files,
)
keys = [entry["keyName"] for entry in values["additionalExistingSecrets"]]
same("a key that only one of the Secret and the credentials has", keys, credentials)
for key in keys:
    expect(f"`{key}`" in page, f"docs/delivery.md does not say what the key `{key}` is")
for hook in parts["webhook"]["unclassified"]["gitHubPluginConfig"]["hookSecretConfigs"]:
    expect(credentials.get(hook["credentialsId"]) == "string", "the webhook's secret is no credential")
    expect(hook["signatureAlgorithm"] == "SHA256", "the webhook's signature is not of SHA-256")
for plugin in values["installPlugins"]:
    expect(re.fullmatch(r"[a-z-]+:\d[\w.]*", plugin), f"the plugin {plugin} has no exact version")
expect(values["numExecutors"] == 0, "builds would run on the controller, which has the secrets")

# Renovate finds each version that stands in a script or a page, and each of its patterns finds something.
renovate = json.loads(pathlib.Path(".github/renovate.json").read_text())
tracked = [
    path
    for folder in ("scripts", "knative", "docs", "ci")
    for path in pathlib.Path(folder).rglob("*")
    if path.is_file()
]
found = set()
for manager in renovate["customManagers"]:
    patterns = [re.compile(text.replace("(?<", "(?P<")) for text in manager["matchStrings"]]
    for place in manager["managerFilePatterns"]:
        chosen = [path for path in tracked if re.search(place.strip("/").replace("\\/", "/"), str(path))]
        expect(chosen, f"renovate.json: {place} is no file")
        hits = {
            (path, *match.span("currentValue"))
            for path in chosen
            for one in patterns
            for match in one.finditer(path.read_text())
        }
        expect(hits, f"renovate.json, {manager['description']}: no version in {place}")
        found |= hits
    for one in patterns:
        expect(
            any(one.search(path.read_text()) for path in tracked if path.suffix in (".md", ".yaml", ".sh", "")),
            f"renovate.json finds nothing: {one.pattern}",
        )
# Three numbers, or MariaDB's tag. A page of figures, and what is said of schemas, is about the versions of its time.
written = re.compile(r"(?<![\d.])\d+\.\d+\.\d+(?!\.?\d)|(?<=mariadb:)\d[\d.]*")
OF_ITS_TIME = {f"docs/{name}.md" for name in ("aws", "cluster", "high-availability", "images", "speed")}
OF_ITS_TIME.add("knative/schemas/README.md")
# The oldest that will do, what old programs were made of, examples, and one that is bad.
KEPT = {
    "docs/delivery.md": {"1.2.0"},
    "knative/README.md": {"26.10.0"},
    "knative/clusters/Vagrantfile": {"202510.26.0"},
    "scripts/lib.sh": {"1.26.0"},
    "scripts/providers": {"6.2.1", "3.3.10", "2.0.0", "1.2.0", "1.15.0", "2.5.1", "2.1.8", "0.8.0"},
    "scripts/sbom": {"1.0.228"},
}
for path in tracked:
    if path.suffix in (".md", ".sh", "") and "written" not in path.parts and str(path) not in OF_ITS_TIME:
        for match in written.finditer(path.read_text(errors="ignore")):
            at = f"{path}: Renovate does not see the version {match[0]}"
            seen = any(path == one and begin <= match.start() and match.end() <= end for one, begin, end in found)
            expect(seen or match[0] in KEPT.get(str(path), ()), at)

if faults:
    raise SystemExit("\n".join(faults))
print(f"{len(stages)} stages, {len(credentials)} credentials, {len(found)} versions fit together")
