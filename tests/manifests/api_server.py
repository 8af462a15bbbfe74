"""A Kubernetes without nodes: an API server, its etcd, and the webhooks of Knative, each of them the real program.

It takes or refuses objects as a cluster does. Nothing runs what it takes.
"""

import json
import os
import secrets
import socket
import subprocess
import time

import yaml
from render import load

# The webhooks of Knative's parts: their namespaces and names.
WEBHOOKS = {"serving": ("knative-serving", "webhook"), "eventing": ("knative-eventing", "eventing-webhook")}
# What a webhook needs to start, and to be asked.
NEEDED = (
    "Namespace",
    "CustomResourceDefinition",
    "ConfigMap",
    "Secret",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
)
WAIT_SECONDS = 60


class Refused(Exception):
    """What kubectl says of objects that the API server refuses, or takes with a warning."""


class ApiServer:
    """Runs while its `with` lasts. SOURCES are the folders of Knative's modules; FOLDER is for its files."""

    def __init__(self, sources, folder):
        self.sources, self.folder = sources, folder
        self.processes = {}

    def __enter__(self):
        try:
            self.start_kubernetes()
            for part in WEBHOOKS:
                self.start_webhook(part)
            self.wait_for_webhooks()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in self.processes.values():
            process.wait()

    def apply(self, things, *options):
        """Applies them as scripts/deploy would, and strictly. Raises Refused."""
        options = ("--server-side", "--validate=strict", "--filename=-", *options)
        return self.kubectl("apply", *options, given=as_text(things))

    def kubectl(self, *arguments, given=None):
        command = ["kubectl", f"--kubeconfig={self.folder / 'kubeconfig'}", *arguments]
        made = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        if made.returncode or "Warning:" in made.stderr:
            raise Refused(made.stderr.strip())
        return made.stdout

    def start(self, name, *options, **environment):
        with (self.folder / f"{name}.log").open("w") as log:
            command = [name, *options]
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **environment})

    def start_kubernetes(self):
        store, peers = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self.start(
            "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={store}",
            f"--advertise-client-urls={store}",
            f"--listen-peer-urls={peers}",
            "--unsafe-no-fsync",
        )
        key, tokens, token, port = self.folder / "key", self.folder / "tokens", secrets.token_hex(), free_port()
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        tokens.write_text(f"{token},admin,admin,system:masters\n")
        self.start(
            "kube-apiserver",
            f"--etcd-servers={store}",
            "--bind-address=127.0.0.1",
            "--advertise-address=10.0.0.1",
            f"--secure-port={port}",
            f"--cert-dir={self.folder}",
            "--authorization-mode=RBAC",
            f"--token-auth-file={tokens}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.96.0.0/16",
            # No controller makes the account of a namespace here, or takes the finalizer of a volume away.
            "--disable-admission-plugins=ServiceAccount,StorageObjectInUseProtection",
        )
        cluster = {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "current-context": "test",
        }
        (self.folder / "kubeconfig").write_text(yaml.safe_dump(config))
        self.wait(lambda: self.kubectl("get", "--raw=/readyz") != "ok")

    def start_webhook(self, part):
        (namespace, name), port = WEBHOOKS[part], free_port()
        things = [reached_here(thing, port) for thing in self.knative(part) if thing["kind"] in NEEDED]
        # Of all kinds of Service, the API server calls only this one without the network of a cluster.
        spec = {"type": "ExternalName", "externalName": "localhost"}
        metadata = {"name": name, "namespace": namespace}
        things.append({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
        definitions = [thing for thing in things if thing["kind"] in ("Namespace", "CustomResourceDefinition")]
        self.apply(definitions)
        self.apply([thing for thing in things if thing not in definitions])
        self.start(
            f"{part}-webhook",
            "--disable-ha",
            KUBECONFIG=str(self.folder / "kubeconfig"),
            SYSTEM_NAMESPACE=namespace,
            WEBHOOK_NAME=name,
            WEBHOOK_PORT=str(port),
            POD_NAME=name,
            CONFIG_LOGGING_NAME="config-logging",
            CONFIG_OBSERVABILITY_NAME="config-observability",
            METRICS_DOMAIN=f"knative.dev/{part}",
        )

    def knative(self, part):
        folders = [self.sources[part] / "config/core"]
        if part == "serving":
            folders.append(self.sources["networking"] / "config")
        paths = [path for folder in folders for path in sorted(folder.rglob("*.yaml"))]
        return [thing for path in paths for thing in load(path.read_text())]

    def wait_for_webhooks(self):
        """Each writes into its configurations which certificate it has, and which objects it wants to see."""

        def unready():
            kinds = "mutatingwebhookconfigurations,validatingwebhookconfigurations"
            found = json.loads(self.kubectl("get", kinds, "--output=json"))["items"]
            hooks = [hook for configuration in found for hook in configuration["webhooks"]]
            # What it binds is known only once there is a SinkBinding.
            hooks = [hook for hook in hooks if not hook["name"].startswith("sinkbindings.")]
            return [hook["name"] for hook in hooks if "caBundle" not in hook["clientConfig"] or not hook.get("rules")]

        self.wait(unready)

    def wait(self, unready):
        """Until it finds nothing that is not ready."""
        ends = time.monotonic() + WAIT_SECONDS
        while True:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise SystemExit(f"{name} has ended:\n{self.last_words(name)}")
            try:
                if not (waited_for := unready()):
                    return
            except Refused as refused:
                waited_for = str(refused)
            if time.monotonic() > ends:
                raise SystemExit(f"waited {WAIT_SECONDS} s for {waited_for}\n{self.last_words(name)}")
            time.sleep(0.2)

    def last_words(self, name):
        return "\n".join((self.folder / f"{name}.log").read_text().splitlines()[-10:])


def as_text(things):
    return "\n".join(json.dumps(thing) for thing in things)


def reached_here(thing, port):
    """The object, with the port of this machine at which the webhook that it names listens."""
    configs = [hook["clientConfig"] for hook in thing.get("webhooks", [])]
    if thing["kind"] == "CustomResourceDefinition":
        configs.append(thing["spec"].get("conversion", {}).get("webhook", {}).get("clientConfig"))
    for config in filter(None, configs):
        config["service"]["port"] = port
    return thing


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]
