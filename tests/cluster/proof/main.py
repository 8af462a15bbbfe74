"""Brings up a cluster as knative/README.md says, tries there what Hanip promises, and takes it down:
main.py FOLDER NAME PART=SOURCES… [ROUNDS | -- COMMAND…]

It must be alone in namespaces of its own for network, mounts and processes. With a COMMAND, that runs in the place of the
tries.
"""

import os
import pathlib
import subprocess
import sys
import time

import images
from kubernetes import Cluster, Failed
from page import Page
from promises import Promises

import knative

ROOT = pathlib.Path(__file__).parents[3]
PROGRAMS = ROOT / "target/cluster"
RELEASES = {
    "serving": "https://github.com/knative/serving/releases/download/knative-v1.23.0",
    "kourier": "https://github.com/knative-extensions/net-kourier/releases/download/knative-v1.23.0",
    "eventing": "https://github.com/knative/eventing/releases/download/knative-v1.23.0",
}
# What the page takes from registries that are not reached here, and what it is here.
ELSEWHERE = """#!/bin/bash
# Gives the digests of images of other registries, which are not reached here; else it is skopeo.
case $1-${@: -1} in
  inspect-*mariadb-operator*) echo localhost:5000/mariadb-operator@sha256:%s ;;
  inspect-*mariadb*) echo %s ;;
  *) exec /usr/bin/skopeo "$@" ;;
esac
"""
VOLUMES = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: folders, annotations: {{storageclass.kubernetes.io/is-default-class: "true"}}}}
provisioner: kubernetes.io/no-provisioner
---
apiVersion: v1
kind: PersistentVolume
metadata: {{name: first}}
spec: {{capacity: {{storage: 10Gi}}, accessModes: [ReadWriteOnce], storageClassName: folders, hostPath: {{path: {0}/first}}}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {{name: second}}
spec: {{capacity: {{storage: 10Gi}}, accessModes: [ReadWriteOnce], storageClassName: folders, hostPath: {{path: {0}/second}}}}
"""
began = time.monotonic()


def say(words):
    print(f"{time.monotonic() - began:6.0f} s  {words}", flush=True)


def main(folder, name, *words):
    folder = pathlib.Path(folder)
    command = words[words.index("--") + 1 :] if "--" in words else ()
    words = words[: words.index("--")] if command else words
    sources = {part: pathlib.Path(path) for part, is_part, path in (word.partition("=") for word in words) if is_part}
    rounds = int(words[-1]) if words[-1].isdigit() else 20
    cluster = Cluster(folder, name, PROGRAMS)
    try:
        page = install(cluster, sources)
        if command:
            subprocess.run(command, check=False)
        else:
            raise SystemExit(Promises(cluster, page, say).all(rounds))
    except Failed as failed:
        raise SystemExit(f"FAILED: {failed}") from failed


def page_of(cluster):
    tools = cluster.folder / "bin"
    path = f"{tools}:{PROGRAMS}:{os.environ['PATH']}"
    return Page(ROOT / "knative/README.md", {**os.environ, "PATH": path, "KUBECONFIG": str(cluster.kubeconfig)})


def install(cluster, sources):
    """Returns the page whose commands were run."""
    folder = cluster.folder
    say("Kubernetes: etcd, API server, controllers")
    cluster.start()
    say("Images of Knative and MariaDB, into a registry")
    images.pause(sources["kubernetes"], folder)
    (folder / "release").mkdir()
    knative.release(sources, folder / "release", PROGRAMS)
    write_skopeo(folder, images.mariadb())
    say("Two nodes: containerd, kubelet, kube-proxy")
    cluster.start_nodes()
    for volume in ("first", "second"):
        (folder / "volumes" / volume).mkdir(parents=True)
        (folder / "volumes" / volume).chmod(0o777)
    cluster.apply(VOLUMES.format(folder / "volumes"))
    cluster.apply(knative.names(PROGRAMS))
    cluster.apply(knative.metrics_server(sources["metrics-server"], PROGRAMS))
    page = page_of(cluster)
    say("Step 1 of the page: Knative")
    page.run("$serving/serving-core.yaml", [(url, str(folder / "release")) for url in RELEASES.values()])
    say("Step 2: how it is set up")
    page.run("knative/platform/patches/*.yaml")
    cluster.process("way in", sys.executable, pathlib.Path(__file__).with_name("forward.py"), "8080", "30080")
    say("Steps 4 to 6: the overlay, Secrets, images, all of Hanip")
    page.run("scripts/check-manifests rules")
    page.run("kubectl apply -f knative/base/namespace.yaml")
    page.run("scripts/secrets | kubectl create -f -\n")
    page.run(
        "create secret generic sign-in", [("read -r id && read -rs secret", "id=hanip secret=hanip-secret-for-tests")]
    )
    page.run(
        "scripts/images push",
        [("scripts/deploy vagrant", "scripts/deploy local")],
        without=[line_of(page, "where nodes are of another")],
    )
    page.run("get pingsource,trigger,broker,sinkbinding")
    say("Hanip is ready")
    return page


def line_of(page, words):
    return next(line for block in page.blocks for line in block.splitlines() if words in line)


def write_skopeo(folder, mariadb):
    (folder / "bin").mkdir()
    stand_in = folder / "bin/skopeo"
    stand_in.write_text(ELSEWHERE % ("0" * 64, mariadb))
    stand_in.chmod(0o755)


if __name__ == "__main__":
    main(*sys.argv[1:])
