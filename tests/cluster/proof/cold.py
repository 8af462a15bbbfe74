"""The first request to a function that sleeps, beside those to two trivial ones on the same cluster."""

import http.client
import statistics
import time

import shares
from kubernetes import Failed
from load import Person

# How Knative is set while it is measured: a function sleeps sooner. What a start takes does not depend on it.
SOON = '{"data": {"stable-window": "6s", "scale-to-zero-grace-period": "6s"}}'
DEFAULT = '{"data": {"stable-window": null, "scale-to-zero-grace-period": null}}'
TRIVIAL = """
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {{name: {name}, namespace: hanip, labels: {{networking.knative.dev/visibility: cluster-local}}}}
spec:
  template:
    metadata:
      annotations: {{autoscaling.knative.dev/max-scale: "1"}}
      labels: {{hanip/database: client}}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      containerConcurrency: 50
      containers:
        - image: {image}
          env: [{{name: FIRST, value: "{first}"}}]
          resources:
            requests: {{cpu: 25m, memory: 16Mi}}
            limits: {{cpu: "1", memory: 64Mi}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}, namespace: hanip}}
spec:
  podSelector: {{matchLabels: {{serving.knative.dev/service: {name}}}}}
  policyTypes: [Egress]
  egress:
    - to: [{{podSelector: {{matchLabels: {{app.kubernetes.io/name: mariadb}}}}}}]
      ports: [{{port: 3306}}]
"""
# Requests to the trivial ones come from a node, not from the edge.
FROM_NODES = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: from-nodes, namespace: kourier-system}
spec:
  podSelector: {matchLabels: {app: 3scale-kourier-gateway}}
  policyTypes: [Ingress]
  ingress: [{from: [{ipBlock: {cidr: 10.200.0.0/24}}]}]
"""
GOLDEN_RATIO = 0.618
FIRST = {"trivial": "", "trivial-first": "mariadb.hanip.svc.cluster.local:3306"}


def measure(promises, rounds, when):
    """Seconds of each request by its shares, by the function that was asked."""
    cluster = promises.cluster
    for name, first in FIRST.items():
        cluster.apply(TRIVIAL.format(name=name, image=promises.trivial_image(), first=first))
        promises.hanip("wait", "ksvc", name, "--for=condition=Ready", "--timeout=120s")
    cluster.apply(FROM_NODES)
    gateway = promises.service_address("kourier-system", "kourier-internal")
    # One node starts them all: another looks at other moments, and may be busier.
    other = promises.node_of_database()
    cluster.kubectl("cordon", other)
    settings = ("patch", "configmap", "config-autoscaler", "--type=merge")
    cluster.kubectl("--namespace=knative-serving", *settings, f"--patch={SOON}")
    found = {"foods": [], **{name: [] for name in FIRST}}
    try:
        for number in range(rounds):
            # Who comes first changes: what one start leaves warm serves the next.
            names = list(found)[number % 3 :] + list(found)[: number % 3]
            promises.wait_for_sleep(*found, ending=True)
            for name in names:
                # A kubelet looks at its containers each second. All requests of a round come at the same moment of that
                # second, and those of the next far from it, so that none is luckier than the others.
                time.sleep(1 + (number * GOLDEN_RATIO - time.time()) % 1)
                began = time.time()
                through_the_edge() if name == "foods" else through_the_gateway(gateway, name)
                moments = shares.moments(cluster, promises.pods(name, ending=False)[0], began, time.time())
                found[name].append(shares.seconds(moments))
            medians = ", ".join(f"{name} {statistics.median(whole(rounds)):.3f} s" for name, rounds in found.items())
            promises.say(f"cold requests {when}: {number + 1} of {rounds}; {medians}")
    finally:
        cluster.kubectl("uncordon", other)
        cluster.kubectl("--namespace=kourier-system", "delete", "networkpolicy", "from-nodes")
        cluster.kubectl("--namespace=knative-serving", *settings, f"--patch={DEFAULT}")
    return found


def whole(rounds):
    return [each[shares.WHOLE] for each in rounds]


def through_the_edge():
    status, text, _ = Person(1).ask("/api/foods")
    if status != 200:
        raise Failed(f"{status}: {text[:200]}")


def through_the_gateway(address, name):
    connection = http.client.HTTPConnection(address, 80, timeout=70)
    connection.request("GET", "/", headers={"Host": f"{name}.hanip.svc.cluster.local"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 200:
        raise Failed(f"{name}: {answer.status}")
