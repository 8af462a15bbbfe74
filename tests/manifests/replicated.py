"""Rules for a database that mariadb-operator runs: nothing acknowledged is lost when its primary dies."""

import base64
import re

from render import OPERATOR, load, name, of_kind
from running import CONFINED, DIGEST

# What each setting must be, and what comes of another. Most of the operator's defaults are others.
SETTINGS = {
    "replication.enabled": (True, "there would be one server"),
    "replication.semiSyncEnabled": (True, "a commit would be on one server when it is acknowledged"),
    "replication.semiSyncWaitPoint": ("AfterSync", "what was read could be lost in a fail-over"),
    "replication.semiSyncAckTimeout": ("8760h", "later commits would be on one server when they are acknowledged"),
    "replication.semiSyncWaitNoSlave": (True, "without a replica, commits would be on one server"),
    "replication.semiSyncBootAsReplica": (True, "an old primary would take writes when it comes back"),
    "replication.gtidStrictMode": (True, "servers could differ and go on"),
    "replication.syncBinlog": (1, "a crash could lose what was acknowledged"),
    "replication.primary.autoFailover": (True, "a dead primary would stay the primary"),
    "updateStrategy.type": ("ReplicasFirstPrimaryLast", "an upgrade would switch more than once"),
    "podDisruptionBudget.maxUnavailable": (1, "a drain could take two servers at once"),
    "affinity.antiAffinityEnabled": (True, "one machine could hold two servers"),
}


def check(root, things, secrets_text):
    for database in of_kind(things, "MariaDB", OPERATOR):
        for rule, words in containers(database["spec"]):
            yield rule, f"{name(database)}: {words}"
        for words in settings(database["spec"]):
            yield "replication", f"{name(database)}: {words}"
        for words in addresses(database["metadata"]["name"], secrets_text):
            yield "database address", words
    if of_kind(things, "MariaDB", OPERATOR):
        yield from (("database", words) for words in databases(things))
        yield from (("database rights", words) for words in rights(root, things))


def containers(spec):
    """The server and the operator's two beside it are confined, and are what their digests say."""
    replication = spec.get("replication", {})
    for what, container in {
        "the server": spec,
        "agent": replication.get("agent", {}),
        "initContainer": replication.get("initContainer", {}),
    }.items():
        if not DIGEST.fullmatch(container.get("image", "")):
            yield "image", f"{what}: {container.get('image')}: expected a digest, not a tag"
        context = {**spec.get("podSecurityContext", {}), **container.get("securityContext", {})}
        for key, value in CONFINED.items():
            # The servers write beside their volumes.
            if key != "readOnlyRootFilesystem" and context.get(key) != value:
                yield "security context", f"{what}: {key}: expected {value}"


def settings(spec):
    for path, (wanted, otherwise) in SETTINGS.items():
        value = spec
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        # In Python, True is 1.
        if value != wanted or type(value) is not type(wanted):
            yield f"{path}: expected {wanted}, not {value}: {otherwise}"
    if spec.get("replicas", 1) < 3:
        yield "replicas: expected 3: with two, writes stop when the replica does"
    if not re.search(r"(?m)^innodb_flush_log_at_trx_commit=1$", spec.get("myCnf", "")):
        yield "myCnf: expected innodb_flush_log_at_trx_commit=1: a crash could lose what was acknowledged"
    if spec.get("maxScale", {}).get("enabled") or "maxScaleRef" in spec:
        yield "maxScale: expected none: it would send reads to replicas that are behind"


def addresses(cluster, secrets_text):
    """Functions and the restore ask the primary; a backup is read from a replica."""
    for secret in load(secrets_text):
        for key, value in secret["data"].items():
            value = base64.b64decode(value).decode()
            found = re.search(r"^mysql://[^@]+@([^:/?]+)|^host = (\S+)$", value, re.MULTILINE)
            if not found:
                continue
            host = found[1] or found[2]
            wanted = f"{cluster}-secondary" if key == "backup.cnf" else f"{cluster}-primary"
            if host != wanted:
                yield f"Secret {secret['metadata']['name']}, {key}: expected the host {wanted}, not {host}"


def databases(things):
    found = [thing for thing in of_kind(things, "Database", OPERATOR) if thing["metadata"]["name"] == "hanip"]
    if not found:
        yield "expected a Database hanip"
    for database in found:
        spec = database["spec"]
        if (spec.get("characterSet"), spec.get("collate")) != ("utf8mb4", "utf8mb4_bin"):
            yield f"{name(database)}: expected utf8mb4 and utf8mb4_bin"
        if spec.get("cleanupPolicy") != "Skip":
            yield f"{name(database)}: expected cleanupPolicy Skip: all rows would go with this object"


def rights(root, things):
    """Users have the rights that they have in the component of one server."""
    sql = (root / "knative/components/mariadb/users.sh").read_text()
    granted = re.findall(r"(?m)^GRANT (.+) ON (\S+) TO (\w+)( WITH GRANT OPTION)?;$", sql)
    wanted = {(rights.replace("ALL", "ALL PRIVILEGES"), on, user, bool(option)) for rights, on, user, option in granted}
    here = set()
    for grant in of_kind(things, "Grant", OPERATOR):
        spec = grant["spec"]
        on = f"{spec.get('database', '*')}.{spec.get('table', '*')}"
        here.add((", ".join(spec["privileges"]), on, spec["username"], spec.get("grantOption", False)))
    for missing in sorted(wanted - here):
        yield f"nobody grants {missing}"
    for more in sorted(here - wanted):
        yield f"{more} is not granted in the component of one server"
    users = {thing["metadata"]["name"] for thing in of_kind(things, "User", OPERATOR)}
    if users != {user for _, _, user, _ in wanted}:
        yield f"users {sorted(users)}: expected those of the component of one server"
