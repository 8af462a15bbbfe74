"""Images of programs that are here, made by hand and put into the registry."""

import hashlib
import io
import json
import pathlib
import subprocess
import tarfile
import time
import urllib.error
import urllib.request

REGISTRY = "localhost:5000"
# The pods of Kubernetes share the namespaces of this program.
PAUSE = "build/pause/linux/pause.c"
# What MariaDB's image has and Hanip's manifests use: a server, its clients, and a shell with its tools.
PROGRAMS = [
    "bash",
    "sh",
    "cat",
    "ls",
    "mkdir",
    "rm",
    "mv",
    "cp",
    "chmod",
    "chown",
    "stat",
    "sync",
    "find",
    "date",
    "sleep",
    "head",
    "tail",
    "tr",
    "sed",
    "grep",
    "awk",
    "gzip",
    "gunzip",
    "zcat",
    "basename",
    "dirname",
    "id",
    "env",
    "sort",
    "wc",
    "cut",
    "mktemp",
    "touch",
    "ln",
    "tee",
    "true",
    "false",
    "test",
    "uname",
    "hostname",
    "diff",
    "cmp",
    "od",
    "expr",
    "uniq",
    "xargs",
    "mariadb",
    "mariadbd",
    "mariadb-dump",
    "mariadb-admin",
    "mariadb-install-db",
    "mariadb-upgrade",
    "mariadb-check",
    "my_print_defaults",
    "resolveip",
]
FOLDERS = ("/usr/share/mysql", "/usr/share/mariadb", "/usr/lib/mysql/plugin")
ENTRYPOINT = """#!/bin/bash
# Does what MariaDB's own image does with these variables: makes a database where the volume is new, then serves it.
export MARIADB_ROOT_PASSWORD_FILE=${MARIADB_ROOT_PASSWORD_FILE:-/proc/sys/kernel/random/uuid}
set -euo pipefail
data=/var/lib/mysql socket=/run/mysqld/mysqld.sock
server=(mariadbd --no-defaults --datadir=$data --socket=$socket --plugin-dir=/usr/lib/mysql/plugin)
docker_process_sql() { mariadb --no-defaults --socket=$socket --user=root --password="$(<"$MARIADB_ROOT_PASSWORD_FILE")" "$@"; }
own_user() {
  mariadb --no-defaults --socket=$socket --user=root --password="$password" <<<"CREATE DATABASE $MARIADB_DATABASE;
    CREATE USER $MARIADB_USER IDENTIFIED BY '$(<"$MARIADB_PASSWORD_FILE")'; GRANT ALL ON $MARIADB_DATABASE.* TO $MARIADB_USER"
}
if [[ ! -d $data/mysql ]]; then
  password=$(<"$MARIADB_ROOT_PASSWORD_FILE")
  mariadb-install-db --no-defaults --datadir=$data --skip-test-db --auth-root-authentication-method=normal >&2
  "${server[@]}" --skip-networking &
  until mariadb-admin --no-defaults --socket=$socket --user=root ping &>/dev/null; do sleep 0.2; done
  mariadb --no-defaults --socket=$socket --user=root <<<"SET PASSWORD FOR root@localhost = PASSWORD('$password'); DELETE FROM mysql.global_priv WHERE User = ''; FLUSH PRIVILEGES"
  for file in /docker-entrypoint-initdb.d/*.sh; do [[ ! -e $file ]] || source "$file"; done
  [[ -z ${MARIADB_USER:-} ]] || own_user
  kill %1
  wait
fi
exec "${server[@]}" "$@"
"""
HEALTHCHECK = """#!/bin/bash
exec mariadb-admin --no-defaults --protocol=tcp --host=127.0.0.1 --user=nobody --connect-timeout=2 status 2>&1 |
  grep -q 'Access denied\\|Uptime'
"""


def push(name, files, command, user="65532", folders=()):
    """An image of FILES, a dict of paths and bytes; returns its name with its digest."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for path, mode in folders:
            entry = tarfile.TarInfo(path)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            tar.addfile(entry)
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                tar.addfile(entry)
            else:
                entry.size, entry.mode = len(content), 0o755
                tar.addfile(entry, io.BytesIO(content))
    layer = layer.getvalue()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": command, "User": user, "Env": ["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
    }
    config = json.dumps(config).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blob(name, config, "application/vnd.oci.image.config.v1+json"),
        "layers": [blob(name, layer, "application/vnd.oci.image.layer.v1.tar")],
    }
    body = json.dumps(manifest).encode()
    ask("PUT", f"/v2/{name}/manifests/1", body, manifest["mediaType"])
    return f"{REGISTRY}/{name}@{digest(body)}"


def blob(name, content, kind):
    place = ask("POST", f"/v2/{name}/blobs/uploads/").headers["Location"]
    separator = "&" if "?" in place else "?"
    ask("PUT", f"{place}{separator}digest={digest(content)}", content, "application/octet-stream")
    return {"mediaType": kind, "digest": digest(content), "size": len(content)}


def ask(method, path, body=b"", kind=None):
    url = path if path.startswith("http") else f"http://{REGISTRY}{path}"
    request = urllib.request.Request(url, body, {"Content-Type": kind} if kind else {}, method=method)
    for _ in range(50):
        try:
            return urllib.request.urlopen(request)
        except urllib.error.HTTPError:
            raise
        except OSError:  # it is just starting
            time.sleep(0.2)
    return urllib.request.urlopen(request)


def with_label(image, name, value):
    """The same image under another digest; returns its name."""
    repository, _, wanted = image.removeprefix(f"{REGISTRY}/").partition("@")
    accepted = {"Accept": "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"}
    request = urllib.request.Request(f"http://{REGISTRY}/v2/{repository}/manifests/{wanted}", headers=accepted)
    manifest = json.load(urllib.request.urlopen(request))
    manifest["annotations"] = {**manifest.get("annotations", {}), name: value}
    body = json.dumps(manifest).encode()
    ask("PUT", f"/v2/{repository}/manifests/{name}", body, manifest["mediaType"])
    return f"{REGISTRY}/{repository}@{digest(body)}"


def digest(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def program(name, path):
    return push(name, {"/program": pathlib.Path(path).read_bytes()}, ["/program"])


def pause(kubernetes, folder):
    """The sandbox of every pod, from Kubernetes's own source."""
    subprocess.run(["cc", "-static", "-Os", "-DVERSION=1", "-o", folder / "pause", kubernetes / PAUSE], check=True)
    return program("pause", folder / "pause")


def mariadb():
    """This machine's MariaDB, in the place of its official image."""
    files = {"/bin": "usr/bin", "/lib": "usr/lib", "/lib64": "usr/lib64", "/sbin": "usr/sbin"}
    search = "/usr/local/bin:/usr/bin:/usr/sbin"
    for name in PROGRAMS:
        found = subprocess.run(
            ["which", name], check=False, capture_output=True, text=True, env={"PATH": search}
        ).stdout.strip()
        if found:
            add(files, found, pathlib.Path(found))
    for folder in FOLDERS:
        for path in pathlib.Path(folder).rglob("*"):
            if path.is_file():
                files[str(path)] = path.read_bytes()
    files["/etc/passwd"] = b"root:x:0:0::/:/bin/bash\nmysql:x:999:999::/:/bin/bash\n"
    files["/usr/local/bin/entrypoint"] = ENTRYPOINT.encode()
    files["/usr/local/bin/healthcheck.sh"] = HEALTHCHECK.encode()
    folders = [("tmp", 0o1777), ("run/mysqld", 0o777), ("var/lib/mysql", 0o777), ("docker-entrypoint-initdb.d", 0o755)]
    return push("mariadb", files, ["/usr/local/bin/entrypoint"], "999", folders)


def add(files, name, path):
    """A program and the libraries that it is linked with."""
    files[name] = path.read_bytes()
    listed = subprocess.run(["ldd", path], check=False, capture_output=True, text=True).stdout
    for word in listed.split():
        if word.startswith("/"):
            # /lib is a link to /usr/lib in the image.
            there = word if word.startswith("/usr") else f"/usr{word}"
            files[there] = pathlib.Path(word).read_bytes()
