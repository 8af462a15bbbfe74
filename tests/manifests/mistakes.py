"""Makes each of these mistakes in a copy of the repository, and sees that it is found: mistakes.py ROOT"""

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
REPLICATED = "knative/components/mariadb-replicated"
FUNCTIONS = "knative/base/functions/kustomization.yaml"
NETWORK = "knative/base/network.yaml"
REMINDERS = "knative/base/events/reminders.yaml"
DATABASE = "knative/components/mariadb/network.yaml"
BACKUP = "knative/components/backup"
PRIVATE = (
    "            except: [10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16]\n"
)
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: oops}\nstringData: {password: hunter2}\n"

# What is done wrong, where, what is there, what stands there instead, and the fault that it is to be.
MISTAKES = [
    (
        "a function that may go anywhere",
        FOODS,
        "  egress: []",
        "  egress: [{}]",
        "network policy: vagrant: NetworkPolicy foods: it lets out to anybody:every port",
    ),
    (
        "a function that reaches what is nearer than the internet",
        AUTH,
        PRIVATE,
        "",
        "network policy: vagrant: NetworkPolicy auth: it lets out to 0.0.0.0/0:443",
    ),
    (
        "a function that reaches no provider",
        AUTH,
        "        - {port: 443}",
        "        - {port: 4430}",
        "network policy: vagrant: NetworkPolicy auth: expected a way: the internet:443",
    ),
    (
        "an edge that reaches another port than the gateway's",
        EDGE,
        "        - {port: 8081}",
        "        - {port: 8080}",
        "network policy: vagrant: NetworkPolicy edge: expected a way: kourier-system",
    ),
    (
        "functions that anybody in the cluster reaches",
        NETWORK,
        "    - from:\n        - namespaceSelector:\n            matchLabels: {kubernetes.io/metadata.name: kourier-system}",
        "    - from:\n        - namespaceSelector: {}",
        "network policy: vagrant: NetworkPolicy from-knative: it lets in",
    ),
    (
        "nobody who asks for names",
        NETWORK,
        "  name: dns\n",
        "  name: names\n",
        "network policy: vagrant: there is no NetworkPolicy dns",
    ),
    (
        "a database that every pod reaches",
        DATABASE,
        "            matchLabels: {hanip/database: client}\n",
        "            matchLabels: {}\n",
        "network policy: vagrant: NetworkPolicy mariadb: it lets in hanip all:3306",
    ),
    (
        "a database that anybody reaches",
        DATABASE,
        "    - from:\n        - podSelector:\n            matchLabels: {hanip/database: client}\n      ports:",
        "    - ports:",
        "network policy: vagrant: NetworkPolicy mariadb: it lets in anybody:3306",
    ),
    (
        "a gateway past the edge",
        "knative/platform/gateway.yaml",
        "          podSelector:\n            matchLabels: {app.kubernetes.io/name: edge}\n",
        "",
        "network policy: platform: the gateway lets in ",
    ),
    (
        "a gateway with an address of its own",
        "knative/platform/patches/kourier.yaml",
        "type: ClusterIP",
        "type: LoadBalancer",
        "network policy: platform: Service kourier: ",
    ),
    (
        "reminders that nothing wakes",
        REMINDERS,
        "kind: PingSource\nmetadata:\n  name: reminders",
        "kind: PingSource\nmetadata:\n  name: others",
        "schedule: vagrant: there is no PingSource reminders",
    ),
    (
        "reminders that get the tick's event in the place of their own",
        REMINDERS,
        "pingsources/reminders",
        "pingsources/tick",
        "delivery: vagrant: PingSource reminders: no Trigger takes it to reminders",
    ),
    (
        "a tick that is taken to another function",
        TICK,
        "kind: Service, name: tick}",
        "kind: Service, name: foods}",
        "delivery: vagrant: PingSource tick: no Trigger takes it to tick",
    ),
    (
        "milestones that are told to nobody",
        REMINDERS,
        "hanip.milestone.reached",
        "hanip.milestones.reached",
        "delivery: vagrant: expected a Trigger that takes hanip.milestone.reached to reminders",
    ),
    (
        "a budget that no drain ends with",
        EDGE,
        "minAvailable: 1",
        "minAvailable: 2",
        "disruption: vagrant: PodDisruptionBudget edge: minAvailable",
    ),
    (
        "a budget of no pod",
        EDGE,
        "  minAvailable: 1\n  selector:\n    matchLabels: {app.kubernetes.io/name: edge}",
        "  minAvailable: 1\n  selector:\n    matchLabels: {app.kubernetes.io/name: edges}",
        "disruption: vagrant: PodDisruptionBudget edge: it is of no pod",
    ),
    (
        "one edge",
        EDGE,
        "minReplicas: 2",
        "minReplicas: 1",
        "replicas: vagrant: HorizontalPodAutoscaler edge: expected two at least",
    ),
    (
        "an autoscaler by a share of what is requested",
        EDGE,
        "{type: AverageValue, averageValue: 200m}",
        "{type: Utilization, averageUtilization: 50}",
        "replicas: vagrant: HorizontalPodAutoscaler edge: expected an amount",
    ),
    (
        "edges that share a node",
        EDGE,
        "topologyKey: kubernetes.io/hostname",
        "topologyKey: topology.kubernetes.io/region",
        "replicas: vagrant: Deployment edge: expected topologySpreadConstraints",
    ),
    (
        "an edge that nothing leads to",
        EDGE,
        "spec:\n  selector: {app.kubernetes.io/name: edge}",
        "spec:\n  selector: {app.kubernetes.io/name: edges}",
        "reference: vagrant: Service edge: it leads to no pod",
    ),
    (
        "functions before their schema",
        EVERY,
        "    hanip/after: migrate\n",
        "",
        "order: vagrant: Service foods: ",
    ),
    (
        "a restore by itself",
        f"{BACKUP}/restore.yaml",
        "suspend: true",
        "suspend: false",
        "backup: vagrant: CronJob restore: ",
    ),
    (
        "backups that are kept for no day",
        f"{BACKUP}/backup.yaml",
        '{name: KEEP_DAYS, value: "30"}',
        '{name: KEEP_DAYS, value: "0"}',
        "backup: vagrant: CronJob backup: KEEP_DAYS",
    ),
    (
        "a namespace that takes any pod",
        "knative/base/namespace.yaml",
        "enforce: restricted",
        "enforce: privileged",
        "security context: vagrant: Namespace hanip: ",
    ),
    (
        "figures that two pods ask for at once",
        "knative/components/monitoring/figures.yaml",
        "type: Recreate",
        "type: RollingUpdate",
        "function: replicated: figures: expected the strategy Recreate",
    ),
    (
        "an alert of a field that is none",
        "knative/components/monitoring/rules.yaml",
        "annotations:",
        "annotation:",
        "schema: replicated: PrometheusRule hanip: ",
    ),
    (
        "figures that nobody lets to the database",
        "knative/components/monitoring/figures.yaml",
        "  labels: {hanip/database: client}\nspec:\n  podSelector",
        "spec:\n  podSelector",
        "network policy: replicated: Deployment figures: it has no way to the database",
    ),
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
    ("a misspelt field of Kubernetes", EDGE, "maxSkew: 1", "maxSkews: 1", "schema: vagrant: Deployment edge: "),
    ("a text for a number", EDGE, "maxSkew: 1", 'maxSkew: "1"', "schema: vagrant: Deployment edge: "),
    ("a field that comes twice", EDGE, "  minReplicas: 2\n", "  minReplicas: 2\n  minReplicas: 3\n", "render: "),
    (
        "a number of pods beside an autoscaler",
        EDGE,
        "spec:\n  # How",
        "spec:\n  replicas: 2\n  # How",
        "replicas: vagrant: Deployment edge: ",
    ),
    (
        "an autoscaler of nothing",
        EDGE,
        "kind: Deployment, name: edge}",
        "kind: Deployment, name: edges}",
        "replicas: vagrant: HorizontalPodAutoscaler edge: ",
    ),
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
        "a limit of limits without a default",
        "knative/platform/patches/config-autoscaler.yaml",
        '  max-scale: "10"\n',
        "",
        "configmap value: platform: ConfigMap config-autoscaler: max-scale",
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
        FOODS,
        "valueFrom: {secretKeyRef: {name: foods, key: database-url}}",
        "value: mysql://a:b@c/d",
        "secret: vagrant: Service foods: DATABASE_URL: expected a secretKeyRef",
    ),
    (
        "a client's secret in the open",
        f"{VAGRANT}/settings.env",
        "OAUTH_GITHUB_CLIENT_SECRET_FILE=/secrets/github-client-secret",
        "OAUTH_GITHUB_CLIENT_SECRET=hunter2",
        "secret: vagrant: Service auth: OAUTH_GITHUB_CLIENT_SECRET: expected a secretKeyRef, or a file",
    ),
    (
        "a provider that nobody knows by name",
        f"{VAGRANT}/settings.env",
        "OAUTH_GITHUB_CLIENT_ID_FILE",
        "OAUTH_GITHAB_CLIENT_ID_FILE",
        "setting: vagrant: Service auth: OAUTH_GITHAB_CLIENT_ID_FILE",
    ),
    (
        "a part that no provider has",
        f"{VAGRANT}/settings.env",
        "OAUTH_GITHUB_CLIENT_ID_FILE",
        "OIDC_WORK_CLIENT_FILE",
        "setting: vagrant: Service auth: OIDC_WORK_CLIENT_FILE",
    ),
    (
        "a client in no volume",
        f"{VAGRANT}/settings.env",
        "/secrets/github-client-id",
        "/secret/github-client-id",
        "setting: vagrant: Service auth: OAUTH_GITHUB_CLIENT_ID_FILE",
    ),
    (
        "a key that no Secret has",
        FOODS,
        "key: database-url",
        "key: database",
        "secret: vagrant: Service foods: DATABASE_URL: no Secret has the key database",
    ),
    (
        "a Secret that nobody makes",
        FOODS,
        "secretKeyRef: {name: foods, key: database-url}",
        "secretKeyRef: {name: food, key: database-url}",
        "reference: vagrant: Service foods: ",
    ),
    (
        "a volume of a Secret that nobody makes",
        "knative/base/functions/reminders.yaml",
        "secretName: reminders",
        "secretName: reminder",
        "reference: vagrant: Service reminders: ",
    ),
    ("a misspelt setting", EVERY, "TRUST_EDGE", "TRUSTED_EDGE", "setting: vagrant: Service auth: TRUSTED_EDGE"),
    (
        "a file in no volume",
        AUTH,
        "mountPath: /secrets",
        "mountPath: /secret",
        "setting: vagrant: Service auth: OAUTH_GITHUB_CLIENT_ID_FILE",
    ),
    ("a Secret in the repository", "knative/oops.yaml", None, SECRET, "secret: knative/oops.yaml: a Secret with data"),
    ("more connections than there are", FOODS, 'max-scale: "2"', 'max-scale: "9"', "budget: vagrant: 22 pods"),
    ("a database that takes fewer", MARIADB, "max-connections=250", "max-connections=100", "budget: vagrant: 15 pods"),
    ("no word of how many it takes", MARIADB, "            - --max-connections=250\n", "", "budget: vagrant: expected"),
    (
        "a larger pool",
        "common/src/db/pool.rs",
        "{ 1 } else { 5 }",
        "{ 1 } else { 8 }",
        "budget: vagrant: 15 pods × 8",
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
        "knative/components/backup/backup.yaml",
        "claimName: backups",
        "claimName: backup",
        "reference: vagrant: CronJob backup: ",
    ),
    (
        "a wait after the commit",
        f"{REPLICATED}/mariadb.yaml",
        "semiSyncWaitPoint: AfterSync",
        "semiSyncWaitPoint: AfterCommit",
        "replication: replicated: MariaDB mariadb: replication.semiSyncWaitPoint",
    ),
    (
        "no word of when to wait",
        f"{REPLICATED}/mariadb.yaml",
        "    semiSyncWaitPoint: AfterSync\n",
        "",
        "replication: replicated: MariaDB mariadb: replication.semiSyncWaitPoint",
    ),
    (
        "a wait that ends",
        f"{REPLICATED}/mariadb.yaml",
        "semiSyncAckTimeout: 8760h",
        "semiSyncAckTimeout: 10s",
        "replication: replicated: MariaDB mariadb: replication.semiSyncAckTimeout",
    ),
    (
        "no word of how long to wait",
        f"{REPLICATED}/mariadb.yaml",
        "    semiSyncAckTimeout: 8760h\n",
        "",
        "replication: replicated: MariaDB mariadb: replication.semiSyncAckTimeout",
    ),
    (
        "no wait without a replica",
        f"{REPLICATED}/mariadb.yaml",
        "semiSyncWaitNoSlave: true",
        "semiSyncWaitNoSlave: false",
        "replication: replicated: MariaDB mariadb: replication.semiSyncWaitNoSlave",
    ),
    (
        "no semi-synchronous replication",
        f"{REPLICATED}/mariadb.yaml",
        "semiSyncEnabled: true",
        "semiSyncEnabled: false",
        "replication: replicated: MariaDB mariadb: replication.semiSyncEnabled",
    ),
    (
        "a primary that comes back and takes writes",
        f"{REPLICATED}/mariadb.yaml",
        "    semiSyncBootAsReplica: true\n",
        "",
        "replication: replicated: MariaDB mariadb: replication.semiSyncBootAsReplica",
    ),
    (
        "positions that may differ",
        f"{REPLICATED}/mariadb.yaml",
        "gtidStrictMode: true",
        "gtidStrictMode: false",
        "replication: replicated: MariaDB mariadb: replication.gtidStrictMode",
    ),
    (
        "a log that is not on the disk",
        f"{REPLICATED}/mariadb.yaml",
        "    syncBinlog: 1\n",
        "",
        "replication: replicated: MariaDB mariadb: replication.syncBinlog",
    ),
    (
        "a log that is on the disk later",
        f"{REPLICATED}/mariadb.yaml",
        "syncBinlog: 1",
        "syncBinlog: 0",
        "replication: replicated: MariaDB mariadb: replication.syncBinlog",
    ),
    (
        "no fail-over",
        f"{REPLICATED}/mariadb.yaml",
        "autoFailover: true",
        "autoFailover: false",
        "replication: replicated: MariaDB mariadb: replication.primary.autoFailover",
    ),
    (
        "rows that are on the disk later",
        f"{REPLICATED}/mariadb.yaml",
        "innodb_flush_log_at_trx_commit=1",
        "innodb_flush_log_at_trx_commit=2",
        "replication: replicated: MariaDB mariadb: myCnf",
    ),
    (
        "servers on one machine",
        f"{REPLICATED}/mariadb.yaml",
        "  affinity: {antiAffinityEnabled: true}\n",
        "",
        "replication: replicated: MariaDB mariadb: affinity",
    ),
    (
        "two servers drained at once",
        f"{REPLICATED}/mariadb.yaml",
        "maxUnavailable: 1",
        "maxUnavailable: 2",
        "replication: replicated: MariaDB mariadb: podDisruptionBudget",
    ),
    (
        "a primary that is updated first",
        f"{REPLICATED}/mariadb.yaml",
        "type: ReplicasFirstPrimaryLast",
        "type: RollingUpdate",
        "replication: replicated: MariaDB mariadb: updateStrategy",
    ),
    (
        "one replica",
        f"{REPLICATED}/mariadb.yaml",
        "replicas: 3",
        "replicas: 2",
        "replication: replicated: MariaDB mariadb: replicas",
    ),
    (
        "a proxy that reads from replicas",
        f"{REPLICATED}/mariadb.yaml",
        "  updateStrategy:",
        "  maxScale: {enabled: true}\n  updateStrategy:",
        "replication: replicated: MariaDB mariadb: maxScale",
    ),
    (
        "a misspelt field of the operator",
        f"{REPLICATED}/mariadb.yaml",
        "semiSyncBootAsReplica",
        "semiSyncBootsAsReplica",
        "schema: replicated: MariaDB mariadb: ",
    ),
    (
        "replicated servers that take fewer",
        f"{REPLICATED}/mariadb.yaml",
        "max_connections=250",
        "max_connections=100",
        "budget: replicated: 15 pods",
    ),
    (
        "the operator's usual collation",
        f"{REPLICATED}/users.yaml",
        "  collate: utf8mb4_bin\n",
        "",
        "database: replicated: Database hanip: expected utf8mb4",
    ),
    (
        "rows that go with an object",
        f"{REPLICATED}/users.yaml",
        "  cleanupPolicy: Skip\n",
        "",
        "database: replicated: Database hanip: expected cleanupPolicy",
    ),
    (
        "fewer rights than on one server",
        f"{REPLICATED}/users.yaml",
        "  grantOption: true\n",
        "",
        "database rights: replicated: nobody grants",
    ),
    (
        "functions that ask a replica",
        "scripts/secrets",
        "primary=mariadb-primary",
        "primary=mariadb-secondary",
        "database address: replicated: Secret",
    ),
    (
        "functions that ask any server",
        "scripts/secrets",
        "primary=mariadb-primary",
        "primary=mariadb",
        "database address: replicated: Secret",
    ),
    (
        "a backup that holds the password of who changes all",
        "knative/components/backup/backup.yaml",
        "                items: [{key: backup.cnf, path: backup.cnf}]\n",
        "",
        "secret: vagrant: CronJob backup: restore.cnf",
    ),
    (
        "a backup that burdens the primary",
        "scripts/secrets",
        "replica=mariadb-secondary",
        "replica=mariadb-primary",
        "database address: replicated: Secret backup",
    ),
    (
        "a replicated database that is closed",
        f"{REPLICATED}/network.yaml",
        "{hanip/database: client}",
        "{hanip/database: nobody}",
        "network policy: replicated: Service foods: the database does not let it in",
    ),
    (
        "a container of the operator that may do more",
        f"{REPLICATED}/mariadb.yaml",
        "    agent: *operator\n",
        "    agent: {image: mariadb-operator}\n",
        "security context: replicated: MariaDB mariadb: agent: ",
    ),
    (
        "a container of the operator by its tag",
        f"{REPLICATED}/mariadb.yaml",
        "    agent: *operator\n",
        "",
        "image: replicated: MariaDB mariadb: agent: ",
    ),
    (
        "a server that may be root",
        f"{REPLICATED}/mariadb.yaml",
        "    runAsNonRoot: true\n",
        "",
        "security context: replicated: MariaDB mariadb: the server: runAsNonRoot",
    ),
]


def main(root):
    root, missed, began = pathlib.Path(root), 0, time.monotonic()
    for what, file, there, instead, fault in MISTAKES:
        found = found_with(root, file, there, instead, fault)
        if not any(line.startswith(fault) for line in found):
            print(f"{what}: expected {fault!r}, found {found}", file=sys.stderr)
            missed += 1
    print(
        f"planted mistakes that are found: {len(MISTAKES) - missed} of {len(MISTAKES)}, {time.monotonic() - began:.0f} s"
    )
    return missed > 0


def found_with(root, file, there, instead, fault):
    path = root / file
    before = path.read_text() if path.exists() else None
    assert there is None or there in before, f"{file} does not hold {there!r}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(instead if there is None else before.replace(there, instead, 1))
    # One overlay is enough to show it.
    overlay = "knative/overlays/replicated" if fault.partition(": ")[2].startswith("replicated: ") else VAGRANT
    found = [f"{rule}: {words}" for rule, words in faults(root, [root / overlay])]
    if before is None:
        path.unlink()
    else:
        path.write_text(before)
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
