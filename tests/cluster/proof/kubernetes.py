"""A Kubernetes of two nodes on this machine: plain processes in network namespaces, and real containers."""

import json
import os
import pathlib
import secrets
import subprocess
import time

import yaml

# The address of each node, of the services, and of the pods.
NODES = {"hanip-1": "10.200.0.1", "hanip-2": "10.200.0.2"}
SERVER = f"https://{NODES['hanip-1']}:6443"
SERVICES, PODS, DNS = "10.96.0.0/16", "10.244.0.0/16", "10.96.0.10"
READY_SECONDS = 120
CERTIFICATES = """
cd "$1"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=hanip -keyout ca.key -out ca.crt
openssl req -newkey rsa:2048 -nodes -subj /CN=kube-apiserver -keyout server.key -out server.csr
printf 'subjectAltName=IP:10.96.0.1,IP:10.200.0.1,IP:127.0.0.1,DNS:kubernetes.default.svc' >names
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt
openssl genrsa -out accounts.key 2048
"""
NETWORK = """
mount -t tmpfs tmpfs /run
mkdir /run/lock
ip link set lo up
ip netns add hanip-2
ip link add node type veth peer name node netns hanip-2
ip address add 10.200.0.1/24 dev node
ip link set node up
ip -n hanip-2 address add 10.200.0.2/24 dev node
ip -n hanip-2 link set lo up
ip -n hanip-2 link set node up
ip -n hanip-2 route add default via 10.200.0.1
# Services are led elsewhere, but only once there is a route to them.
ip route add 10.96.0.0/16 dev node
for setting in ip_forward=1 conf.all.route_localnet=1; do
  sysctl -q -w net.ipv4.$setting
  nsenter --net=/run/netns/hanip-2 sysctl -q -w net.ipv4.$setting
done
"""


class Cluster:
    """Runs until the process ends that has made it; the caller is alone in its namespaces. FOLDER is for its
    files, PROGRAMS has those of Kubernetes."""

    def __init__(self, folder, name, programs):
        self.folder, self.name, self.programs = folder, name, programs
        self.processes = {}
        self.kubeconfig = folder / "kubeconfig"
        self.token = secrets.token_hex()

    def start(self):
        subprocess.run(["bash", "-euc", NETWORK], check=True)
        subprocess.run(["bash", "-euc", CERTIFICATES, "-", self.folder], check=True, capture_output=True)
        self.write_kubeconfig()
        self.start_registry()
        self.start_control_plane()
        self.wait("the API server", lambda: self.kubectl("get", "--raw=/readyz") == "ok")

    def start_nodes(self):
        """After the registry has the image of a pod's sandbox."""
        for node in NODES:
            self.start_node(node)
        for node in NODES:
            self.wait(f"the pods' addresses of {node}", lambda node=node: self.pods_of(node))
        for node, other in (tuple(NODES), tuple(NODES)[::-1]):
            self.connect(node, other)
        self.kubectl("wait", "node", "--all", "--for=condition=Ready", f"--timeout={READY_SECONDS}s")

    def process(self, name, *command, node="hanip-1"):
        entered = [] if node == "hanip-1" else ["nsenter", f"--net=/run/netns/{node}"]
        with (self.folder / f"{name}.log").open("a") as log:
            self.processes[name] = subprocess.Popen([*entered, *map(str, command)], stdout=log, stderr=log)

    def stop(self, name):
        process = self.processes.pop(name)
        process.terminate()
        process.wait()

    def write_kubeconfig(self):
        (self.folder / "tokens").write_text(f"{self.token},admin,admin,system:masters\n")
        cluster = {"server": SERVER, "certificate-authority": str(self.folder / "ca.crt")}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "hanip", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": self.token}}],
            "contexts": [{"name": "hanip", "context": {"cluster": "hanip", "user": "admin"}}],
            "current-context": "hanip",
        }
        self.kubeconfig.write_text(yaml.safe_dump(config))
        os.environ["KUBECONFIG"] = str(self.kubeconfig)

    def start_registry(self):
        config = {
            "version": 0.1,
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "registry")}},
            "http": {"addr": ":5000"},
        }
        (self.folder / "registry.yml").write_text(yaml.safe_dump(config))
        self.process("registry", "docker-registry", "serve", self.folder / "registry.yml")

    def start_control_plane(self):
        folder, config = self.folder, f"--kubeconfig={self.kubeconfig}"
        self.process(
            "etcd",
            "etcd",
            f"--data-dir={folder / 'etcd'}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        )
        self.process(
            "kube-apiserver",
            "kube-apiserver",
            "--etcd-servers=http://127.0.0.1:2379",
            f"--advertise-address={NODES['hanip-1']}",
            f"--tls-cert-file={folder / 'server.crt'}",
            f"--tls-private-key-file={folder / 'server.key'}",
            "--authorization-mode=Node,RBAC",
            "--kubelet-preferred-address-types=InternalIP",
            f"--token-auth-file={folder / 'tokens'}",
            f"--service-account-key-file={folder / 'accounts.key'}",
            f"--service-account-signing-key-file={folder / 'accounts.key'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-cluster-ip-range={SERVICES}",
            "--enable-aggregator-routing=true",
            f"--requestheader-client-ca-file={folder / 'ca.crt'}",
            f"--proxy-client-cert-file={folder / 'server.crt'}",
            f"--proxy-client-key-file={folder / 'server.key'}",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        )
        self.process(
            "kube-controller-manager",
            "kube-controller-manager",
            config,
            f"--service-account-private-key-file={folder / 'accounts.key'}",
            f"--root-ca-file={folder / 'ca.crt'}",
            "--use-service-account-credentials=true",
            "--allocate-node-cidrs=true",
            f"--cluster-cidr={PODS}",
            "--leader-elect=false",
            # As managed clusters have it, so that the number of edges follows within a minute.
            "--horizontal-pod-autoscaler-sync-period=10s",
        )
        self.process("kube-scheduler", "kube-scheduler", config, "--leader-elect=false")

    def start_node(self, node):
        folder = self.folder / node
        for name in ("cni", "certs.d/localhost:5000", "kubelet", "logs"):
            (folder / name).mkdir(parents=True)
        for controller in ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd"):
            pathlib.Path(f"/sys/fs/cgroup/{controller}/{self.name}/{node}").mkdir(parents=True, exist_ok=True)
        for group in (self.name, f"{self.name}/{node}"):
            # A new group may use no processor and no memory until it is told which.
            for file in ("cpuset.cpus", "cpuset.mems"):
                path = pathlib.Path("/sys/fs/cgroup/cpuset")
                (path / group / file).write_text((path / file).read_text())
        (folder / "certs.d/localhost:5000/hosts.toml").write_text(
            f'[host."http://{NODES["hanip-1"]}:5000"]\n  capabilities = ["pull", "resolve"]\n'
        )
        (folder / "resolv.conf").write_text("")
        (folder / "containerd.toml").write_text(containerd(folder, f"/run/{node}.sock"))
        kubelet = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": NODES[node],
            "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
            "authorization": {"mode": "AlwaysAllow"},
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self.name}/{node}",
            "enforceNodeAllocatable": ["none"],
            "clusterDNS": [DNS],
            "clusterDomain": "cluster.local",
            "containerRuntimeEndpoint": f"unix:///run/{node}.sock",
            "podLogsDir": str(folder / "logs"),
            "resolvConf": str(folder / "resolv.conf"),
            "failSwapOn": False,
            "failCgroupV1": False,
            # Of what it sets in a kernel of its own, it may not set all here.
            "featureGates": {"KubeletInUserNamespace": True},
            "localStorageCapacityIsolation": False,
            "serializeImagePulls": False,
            "registryPullQPS": 0,
            "imageGCHighThresholdPercent": 100,
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        }
        (folder / "kubelet.yaml").write_text(yaml.safe_dump(kubelet))
        self.process(f"containerd-{node}", "containerd", f"--config={folder / 'containerd.toml'}", node=node)
        self.process(
            f"kubelet-{node}",
            "kubelet",
            f"--config={folder / 'kubelet.yaml'}",
            f"--kubeconfig={self.kubeconfig}",
            f"--hostname-override={node}",
            f"--node-ip={NODES[node]}",
            f"--root-dir={folder / 'kubelet'}",
            f"--cert-dir={folder / 'kubelet'}",
            # Its log then says when a pod comes.
            "--v=2",
            node=node,
        )
        self.process(
            f"kube-proxy-{node}",
            "kube-proxy",
            f"--kubeconfig={self.kubeconfig}",
            f"--hostname-override={node}",
            f"--cluster-cidr={PODS}",
            "--proxy-mode=iptables",
            "--conntrack-max-per-core=0",
            "--conntrack-tcp-timeout-established=0s",
            "--conntrack-tcp-timeout-close-wait=0s",
            node=node,
        )

    def pods_of(self, node):
        return self.kubectl("get", "node", node, "--output=jsonpath={.spec.podCIDR}")

    def connect(self, node, other):
        """Gives the pods of a node their addresses, and says how those of the other are reached."""
        ipam = {"type": "host-local", "subnet": self.pods_of(node), "routes": [{"dst": "0.0.0.0/0"}]}
        ipam["dataDir"] = str(self.folder / node / "addresses")
        plugins = [
            {"type": "ptp", "ipMasq": False, "ipam": ipam},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ]
        network = {"cniVersion": "1.0.0", "name": "hanip", "plugins": plugins}
        (self.folder / node / "cni/10-hanip.conflist").write_text(json.dumps(network))
        route = ["ip", "route", "add", self.pods_of(other), "via", NODES[other]]
        entered = [] if node == "hanip-1" else ["nsenter", f"--net=/run/netns/{node}"]
        subprocess.run([*entered, *route], check=True)

    def enforce_policies(self):
        """From now on, NetworkPolicies are in force."""
        for node in NODES:
            self.process(
                f"kube-router-{node}",
                "kube-router",
                f"--kubeconfig={self.kubeconfig}",
                f"--hostname-override={node}",
                "--run-router=false",
                "--run-service-proxy=false",
                "--run-firewall=true",
                f"--service-cluster-ip-range={SERVICES}",
                node=node,
            )

    def kubectl(self, *arguments, given=None, check=True):
        made = subprocess.run(["kubectl", *arguments], input=given, capture_output=True, text=True, check=False)
        if check and made.returncode:
            raise Failed(f"kubectl {' '.join(arguments)}: {made.stderr.strip()}")
        return made.stdout

    def apply(self, text):
        return self.kubectl("apply", "--server-side", "--filename=-", given=text)

    def get(self, *what):
        return json.loads(self.kubectl("get", *what, "--output=json"))

    def wait(self, what, holds, seconds=READY_SECONDS, every=0.2):
        """Until HOLDS() is true; returns what it gave and after how many seconds."""
        began, said = time.monotonic(), ""
        while time.monotonic() - began < seconds:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise Failed(f"{name} has ended:\n{self.last_words(name)}")
            try:
                if found := holds():
                    return found, time.monotonic() - began
            except (Failed, OSError) as error:
                said = str(error)
            time.sleep(every)
        raise Failed(f"not after {seconds} s: {what} {said}")

    def last_words(self, name):
        return "\n".join((self.folder / f"{name}.log").read_text().splitlines()[-10:])


class Failed(Exception):
    """What did not hold, in words."""


def containerd(folder, socket):
    return f"""
version = 2
root = "{folder}/containerd"
state = "/run/containerd-{folder.name}"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "{socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost:5000/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{folder}/certs.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
        Root = "/run/runc-{folder.name}"
"""
