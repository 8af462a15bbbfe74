"""Where the time of a cold request goes, by what the nodes, the pod and who asked have logged."""

import datetime
import json
import re
import statistics

from kubernetes import NODES

# What each share ends with, in the order of a start. A pod's own steps follow one another: the kubelet starts one
# container after the other.
SHARES = {
    "until a node has the pod: activator, autoscaler, API server, scheduler": "on a node",
    "until its sandbox is begun: volumes": "sandbox begun",
    "sandbox": "sandbox",
    "the function's container": "user-container",
    "queue-proxy's container": "queue-proxy",
    "until the answer: probes, connection to the database, the request": "answered",
}
OWN = "meanwhile: the function listens, after its container is there"
WHOLE = "all of it"


def moments(cluster, pod, asked, answered):
    """Seconds since the epoch, by what happened then."""
    found = {"asked": asked, "answered": answered}
    for node in NODES:
        kubelet = (cluster.folder / f"kubelet-{node}.log").read_text()
        if came := re.search(rf"^I(\d{{4}} [\d:.]+) .*SyncLoop ADD.*/{pod}\"", kubelet, re.MULTILINE):
            year = datetime.datetime.now().year
            found["on a node"] = datetime.datetime.strptime(f"{year}{came[1]}", "%Y%m%d %H:%M:%S.%f").timestamp()
            found |= of_containers((cluster.folder / f"containerd-{node}.log").read_text(), pod)
    for line in cluster.kubectl(
        "--namespace=hanip", "logs", pod, "--container=user-container", check=False
    ).splitlines():
        if '"listening"' in line:
            found["listens"] = moment(json.loads(line)["timestamp"])
    return found


def of_containers(log, pod):
    found, containers = {}, {}
    for line in log.splitlines():
        time, _, words = line.partition(" level=")
        words = words.replace("\\", "")
        if pod in words and "RunPodSandbox" in words:
            found["sandbox" if "returns sandbox id" in words else "sandbox begun"] = moment(time[6:-1])
            sandbox = re.search(r'returns sandbox id "(\w+)"', words)
            found["id"] = sandbox[1] if sandbox else ""
        elif found.get("id") and (
            made := re.search(rf'sandbox "{found["id"]}" for .*Name:([\w-]+),.* returns container id "(\w+)"', words)
        ):
            containers[made[2]] = made[1]
        elif (started := re.search(r'StartContainer for "(\w+)" returns successfully', words)) and started[
            1
        ] in containers:
            found[containers[started[1]]] = moment(time[6:-1])
    found.pop("id", None)
    return found


def moment(text):
    return datetime.datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).timestamp()


def seconds(found):
    """The seconds of each share."""
    shares, before = {}, found["asked"]
    for share, end in SHARES.items():
        shares[share] = found[end] - before
        before = found[end]
    if "listens" in found:
        shares[OWN] = found["listens"] - found["user-container"]
    return shares | {WHOLE: found["answered"] - found["asked"]}


def table(measured):
    """MEASURED has a list of such shares for each column; a cell is their median."""
    rows = ["| | " + " | ".join(measured) + " |", "|---|" + "--:|" * len(measured)]
    for share in (*SHARES, OWN, WHOLE):
        cells = ([each[share] for each in rounds if share in each] for rounds in measured.values())
        rows.append(
            f"| {share} | " + " | ".join(f"{statistics.median(cell):.3f}" if cell else "" for cell in cells) + " |"
        )
    return "\n".join(rows)
