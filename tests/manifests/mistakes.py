"""Makes each of these mistakes in a copy of the repository, and sees that it is found: mistakes.py ROOT KUSTOMIZE…"""

import pathlib
import sys
import time

from check import faults

FOODS = "knative/base/functions/foods.yaml"
AUTH = "knative/base/functions/auth.yaml"
EVERY = "knative/base/functions/every.yaml"
TICK = "knative/base/events/tick.yaml"
EDGE = "knative/base/edge/edge.yaml"
MARIADB = "knative/components/mariadb/mariadb.yaml"
SERVING = "knative/platform/patches/config-network.yaml"
VAGRANT = "knative/overlays/vagrant"
FUNCTIONS = "knative/base/functions/kustomization.yaml"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: oops}\nstringData: {password: hunter2}\n"

# What is done wrong, where, what is there, what stands there instead, and the fault that it is to be.
MISTAKES = [
    ("a misspelt annotation", FOODS, "/max-scale:", "/maxscale:", "annotation: vagrant: Service foods: autoscaling"),
    ("a number in words", FOODS, 'max-scale: "2"', 'max-scale: "four"', "annotation: vagrant: Service foods: auto"),
    (
        "a misspelt visibility",
        EVERY,
        "cluster-local",
        "cluster-locale",
        "annotation: vagrant: Service auth: networking",
    ),
    ("no visibility at all", EVERY, "    networking.knative.dev/visibility: cluster-local\n", "", "visibility: "),
    (
        "a misspelt field of Knative",
        FOODS,
        "containerConcurrency",
        "containerConcurency",
        "schema: vagrant: Service foods: ",
    ),
    ("a misspelt field of Kubernetes", EDGE, "replicas: 2", "replica: 2", "schema: vagrant: Deployment edge: "),
    ("a text for a number", EDGE, "replicas: 2", 'replicas: "2"', "schema: vagrant: Deployment edge: "),
    ("a field that comes twice", EDGE, "  replicas: 2\n", "  replicas: 2\n  replicas: 3\n", "render: "),
    ("a kind nobody knows", TICK, "kind: Trigger", "kind: Triger", "schema: vagrant: Triger tick: "),
    (
        "a key that Knative has not",
        SERVING,
        "ingress-class:",
        "ingress.class:",
        "configmap key: platform: ConfigMap config-network",
    ),
    (
        "a ConfigMap that Knative has not",
        SERVING,
        "name: config-network",
        "name: config-networks",
        "configmap key: platform: ",
    ),
    (
        "an image by its tag",
        f"{VAGRANT}/written/kustomization.yaml",
        'foods, digest: "sha256:' + "0" * 64 + '"',
        'foods, newTag: "1"',
        "image: vagrant: Service foods: ",
    ),
    ("an image without a digest", FOODS, "hanip/foods", "hanip/food", "image: vagrant: Service foods: "),
    (
        "a slower probe",
        EVERY,
        "{httpGet: {path: /healthz, port: 8080}}",
        "{httpGet: {path: /healthz, port: 8080}, periodSeconds: 5}",
        "probe: vagrant: Service auth: periodSeconds",
    ),
    ("a probe that asks more", EVERY, "path: /healthz", "path: /api/foods", "probe: vagrant: Service auth: "),
    ("no limit of pods", FOODS, 'autoscaling.knative.dev/max-scale: "2"', "{}", "scale: "),
    ("no limit of requests", FOODS, "      containerConcurrency: 50\n", "", "scale: vagrant: Service foods: "),
    (
        "a time shorter than the drain",
        FOODS,
        "timeoutSeconds: 60",
        "timeoutSeconds: 30",
        "timeout: vagrant: Service foods",
    ),
    (
        "a root that can be written to",
        EVERY,
        "readOnlyRootFilesystem: true",
        "readOnlyRootFilesystem: false",
        "security context: vagrant: Service auth: readOnlyRootFilesystem",
    ),
    ("rights that are kept", MARIADB, "capabilities: {drop: [ALL]}", "capabilities: {}", "security context: vagrant: "),
    ("no limit of memory", FOODS, 'cpu: "1", memory: 64Mi', 'cpu: "1"', "resources: vagrant: Service foods: "),
    (
        "a token of the cluster's",
        EVERY,
        "automountServiceAccountToken\n  value: false",
        "automountServiceAccountToken\n  value: true",
        "service account: vagrant: Service auth: ",
    ),
    (
        "somebody else's account",
        FOODS,
        "serviceAccountName: foods",
        "serviceAccountName: auth",
        "function: vagrant: foods: ",
    ),
    (
        "an account that is not there",
        FOODS,
        "kind: ServiceAccount\nmetadata:\n  name: foods",
        "kind: ServiceAccount\nmetadata:\n  name: food",
        "service account: vagrant: Service foods: ",
    ),
    (
        "a password in the open",
        EVERY,
        "DATABASE_URL_FILE, value: /secrets/database-url",
        "DATABASE_URL, value: mysql://a:b@c/d",
        "secret: vagrant: Service auth: DATABASE_URL: expected a file",
    ),
    (
        "a key that no Secret has",
        EVERY,
        "/secrets/database-url",
        "/secrets/database",
        "secret: vagrant: Service auth: DATABASE",
    ),
    (
        "a Secret that nobody makes",
        FOODS,
        "secretName: foods",
        "secretName: food",
        "reference: vagrant: Service foods: ",
    ),
    ("a misspelt setting", EVERY, "TRUST_EDGE", "TRUSTED_EDGE", "setting: vagrant: Service auth: TRUSTED_EDGE"),
    (
        "a file in no volume",
        EVERY,
        "mountPath: /secrets",
        "mountPath: /secret",
        "setting: vagrant: Service auth: DATABASE_URL",
    ),
    ("a Secret in the repository", "knative/oops.yaml", None, SECRET, "secret: knative/oops.yaml: a Secret with data"),
    ("more connections than there are", FOODS, 'max-scale: "2"', 'max-scale: "9"', "budget: vagrant: 20 pods"),
    ("a database that takes fewer", MARIADB, "max-connections=200", "max-connections=100", "budget: vagrant: 13 pods"),
    ("no word of how many it takes", MARIADB, "            - --max-connections=200\n", "", "budget: vagrant: expected"),
    (
        "a larger pool",
        "common/src/db/mod.rs",
        ".max_connections(5)",
        ".max_connections(8)",
        "budget: vagrant: 13 pods × 8",
    ),
    (
        "a route that the edge lacks",
        f"{VAGRANT}/written/nginx.conf",
        "^/api/foods(",
        "^/api/food(",
        "path: vagrant: the edge",
    ),
    (
        "a route to another function",
        f"{VAGRANT}/written/nginx.conf",
        "$function foods;",
        "$function auth;",
        "path: vagrant: ",
    ),
    (
        "a prefix of no function",
        "common/src/functions.rs",
        '("foods", "/api/foods"',
        '("food", "/api/food"',
        "path: vagrant: ",
    ),
    (
        "a function without a manifest",
        FUNCTIONS,
        "  - foods.yaml\n",
        "",
        "function: vagrant: foods: there is no Service",
    ),
    (
        "a function of another's image",
        FOODS,
        "image: hanip/foods",
        "image: hanip/auth",
        "function: vagrant: foods: its Service",
    ),
    (
        "a function that nobody deploys",
        "functions/badges/src/main.rs",
        None,
        "fn main() {}\n",
        "function: vagrant: badges: ",
    ),
    (
        "a function without grants",
        "migrations/grants.txt",
        None,
        "auth users SELECT\n",
        "function: vagrant: foods: migrations",
    ),
    (
        "a function with no policy",
        FOODS,
        "serving.knative.dev/service: foods",
        "serving.knative.dev/service: food",
        "function: vagrant: foods: expected a NetworkPolicy",
    ),
    (
        "no way to the database",
        FOODS,
        "labels: {hanip/database: client}",
        "labels: {}",
        "network policy: vagrant: Service foods",
    ),
    (
        "a database that is closed",
        "knative/components/mariadb/network.yaml",
        "{hanip/database: client}",
        "{hanip/database: nobody}",
        "network policy: vagrant: Service foods: the database does not let it in",
    ),
    (
        "a password that is forgotten",
        "knative/base/migrate.yaml",
        "            - {name: PASSWORDS_DIR, value: /secrets}\n",
        "",
        "function: vagrant: foods: the migration has no password",
    ),
    (
        "a page that names what is gone",
        "knative/README.md",
        "knative/platform/metallb.yaml",
        "knative/metallb.yaml",
        "document: knative/README.md: there is no knative/metallb.yaml",
    ),
    (
        "a door left open",
        "knative/base/network.yaml",
        "podSelector: {}\n  policyTypes: [Ingress, Egress]",
        "podSelector: {}\n  policyTypes: [Ingress]",
        "network policy: vagrant: expected one that denies",
    ),
    (
        "a pod that nobody may reach",
        "knative/base/network.yaml",
        "kind: NetworkPolicy\nmetadata:\n  name: from-knative",
        'kind: NetworkPolicy\nmetadata:\n  name: from-knative\n  annotations: {config.kubernetes.io/local-config: "true"}',
        "network policy: vagrant: Service auth: nothing may come in",
    ),
    ("a schedule under another name", TICK, "  schedule:", "  shedule:", "schedule: vagrant: PingSource tick: "),
    ("a tick once an hour", TICK, "*/15 * * * *", "0 * * * *", "schedule: vagrant: PingSource tick: "),
    (
        "a tick straight to its function",
        TICK,
        "kind: Broker, name: default",
        "kind: Service, name: tick",
        "delivery: vagrant: ",
    ),
    (
        "a tick that nobody hears",
        TICK,
        "pingsources/tick",
        "pingsources/tock",
        "delivery: vagrant: PingSource tick: no Trigger",
    ),
    ("no second try", TICK, "    retry: 6\n", "", "delivery: vagrant: Trigger tick: expected retry"),
    (
        "no place for dead letters",
        TICK,
        "    deadLetterSink:\n      ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: dead-letter}\n",
        "",
        "delivery: vagrant: Trigger tick: expected deadLetterSink",
    ),
    (
        "a broker that is not there",
        TICK,
        "  broker: default",
        "  broker: main",
        "reference: vagrant: Trigger tick: there is no Broker",
    ),
    (
        "a subscriber that is not there",
        TICK,
        "kind: Service, name: tick}",
        "kind: Service, name: tock}",
        "reference: vagrant: Trigger",
    ),
    (
        "milestones that go nowhere",
        "knative/base/events/milestones.yaml",
        "kind: Service, name: tick}",
        "kind: Service, name: foods}",
        "delivery: vagrant: expected a SinkBinding of the tick",
    ),
    (
        "a backup that goes nowhere",
        "knative/components/mariadb/backup.yaml",
        "claimName: backups",
        "claimName: backup",
        "reference: vagrant: CronJob backup: ",
    ),
]


def main(root, *kustomize):
    root, missed, began = pathlib.Path(root), 0, time.monotonic()
    for what, file, there, instead, fault in MISTAKES:
        found = found_with(root, kustomize, file, there, instead)
        if not any(line.startswith(fault) for line in found):
            print(f"{what}: expected {fault!r}, found {found}", file=sys.stderr)
            missed += 1
    print(
        f"planted mistakes that are found: {len(MISTAKES) - missed} of {len(MISTAKES)}, {time.monotonic() - began:.0f} s"
    )
    return missed > 0


def found_with(root, kustomize, file, there, instead):
    path = root / file
    before = path.read_text() if path.exists() else None
    assert there is None or there in before, f"{file} does not hold {there!r}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(instead if there is None else before.replace(there, instead, 1))
    # One overlay is enough to show it.
    found = [f"{rule}: {words}" for rule, words in faults(root, kustomize, [root / VAGRANT])]
    if before is None:
        path.unlink()
    else:
        path.write_text(before)
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
