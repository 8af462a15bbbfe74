"""What each image weighs, and how soon it answers: the figures of docs/images.md, from the images that were built last."""

import datetime
import io
import json
import os
import pathlib
import platform
import re
import socket
import statistics
import subprocess
import sys
import tarfile
import time

SERVER, IMAGES, OUTPUT, ABOUT = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4]
OWN = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
PROGRAMS = IMAGES / "files" / OWN
STARTS, CONTAINERS = 40, 7
MIB = 1024 * 1024
URL = f"mysql://root@localhost/hanip?socket={SERVER}"
HARD = ["--read-only", "--cap-drop", "ALL", "--user", "65532:65532", "--security-opt", "no-new-privileges"]
# What each function is asked first where the database has a part in the answer.
FIRST = {
    "auth": "/api/auth/me",
    "data": "/api/data/export",
    "figures": "/figures",
    "foods": "/api/foods",
    "reminders": "/api/reminders",
    "reviews": "/api/reviews",
    "streaks": "/api/streaks/today",
    "tick": None,
}
GOALS = {"compressed": 3, "process": 5, "query": 20, "memory": 8}


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout.strip()


def sql(text, *database):
    run("mariadb", "--no-defaults", "--user=root", f"--socket={SERVER}", *database, input=text)


def say(text):
    print(f"   {text}", file=sys.stderr, flush=True)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def request(path):
    if path is None:
        body = '{"specversion":"1.0","id":"1","source":"/images","type":"tick"}'
        head = f"POST / HTTP/1.1\r\nContent-Type: application/cloudevents+json\r\nContent-Length: {len(body)}\r\n"
    else:
        body, head = "", f"GET {path} HTTP/1.1\r\nCookie: hanip_session=token\r\n"
    return f"{head}Host: hanip\r\nConnection: close\r\n\r\n{body}".encode()


def answered(address, path="/healthz", seconds=20):
    """Waits until a request is answered, and well."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with socket.create_connection(address, timeout=5) as stream:
                stream.sendall(request(path))
                line = stream.recv(4096).split(b"\r\n")[0]
                while stream.recv(65536):
                    pass
        except OSError:
            time.sleep(0.0002)
            continue
        assert line.split()[1] in (b"200", b"204"), (path, line)
        return
    raise TimeoutError(f"{address} {path}")


def environment(port):
    return {"PORT": str(port), "DATABASE_URL": URL, "PUBLIC_ORIGIN": "http://127.0.0.1", "LOG": "warn"}


def resident(process):
    """MiB of a process and its children, shared pages included."""

    def of(process):
        status = pathlib.Path(f"/proc/{process}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    children = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return of(process) + sum(of(child) for child in children)


def process_start(program, path):
    """Milliseconds from the start of a process to its first answer, and what it then holds."""
    port = free_port()
    began = time.perf_counter()
    process = subprocess.Popen([program], env=environment(port))
    try:
        answered(("127.0.0.1", port), path)
        took = (time.perf_counter() - began) * 1000
        time.sleep(0.02)
        return took, resident(process.pid)
    finally:
        process.kill()
        process.wait()


def container_start(name, options):
    """Milliseconds from `docker start` to the first answer, and what the container then holds."""
    container = run("docker", "create", "--network", "hanip-images", *HARD, *options, f"hanip/{name}")
    try:
        began = time.perf_counter()
        run("docker", "start", container)
        where = json.loads(run("docker", "inspect", container))[0]
        address = where["NetworkSettings"]["Networks"]["hanip-images"]["IPAddress"]
        answered((address, 8080), "/" if name == "web" else "/healthz")
        took = (time.perf_counter() - began) * 1000
        time.sleep(0.2)
        return took, resident(where["State"]["Pid"])
    finally:
        run("docker", "rm", "--force", container)


def blob(name, digest):
    return IMAGES / "oci" / name / "blobs" / digest.replace(":", "/")


def layers(name):
    """The layers of the image for each architecture."""
    read = lambda entry: json.loads(blob(name, entry["digest"]).read_text())
    [index] = json.loads((IMAGES / "oci" / name / "index.json").read_text())["manifests"]
    images = [image for image in read(index)["manifests"] if image["platform"]["os"] == "linux"]
    return {image["platform"]["architecture"]: read(image)["layers"] for image in images}


def sent(layers):
    """What a registry sends, in MiB."""
    return sum(layer["size"] for layer in layers) / MIB


def shape(name):
    """What a registry sends of the image, in MiB, and how many files it has."""
    own = layers(name)[OWN]
    files = 0
    for layer in own:
        unpacked = subprocess.run(["zstd", "-dc", blob(name, layer["digest"])], check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(unpacked)) as archive:
            files += sum(not member.isdir() for member in archive)
    return sent(own), files


def sizes():
    """The compressed sizes of all architectures that were built, in MiB."""
    names = [*FIRST, "migrate", "web"]
    architectures = sorted(layers("web"))
    lines = [f"| image | {' | '.join(architectures)} |", f"|---|{'--:|' * len(architectures)}"]
    for name in names:
        cells = [f"{sent(layers(name)[architecture]):.2f}" for architecture in architectures]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def median_and_p95(figures):
    return statistics.median(figures), statistics.quantiles(figures, n=20)[-1]


def of_function(name):
    program = PROGRAMS / name
    compressed, files = shape(name)
    process = median_and_p95([process_start(program, "/healthz")[0] for _ in range(STARTS)])
    asked = [process_start(program, FIRST[name]) for _ in range(STARTS)]
    query, after = median_and_p95([took for took, _ in asked]), statistics.median(memory for _, memory in asked)
    options = [
        f"--env={key}={value}"
        for key, value in (environment(8080) | {"DATABASE_URL": "mysql://a:b@database/c"}).items()
    ]
    contained = [container_start(name, options) for _ in range(CONTAINERS)]
    figures = {
        "compressed": compressed,
        "files": files,
        "container": statistics.median(took for took, _ in contained),
        "process": process,
        "query": query,
        "memory": statistics.median(memory for _, memory in contained),
        "after": after,
    }
    say(f"{name}: {json.dumps(figures)}")
    return figures


def of_web(configuration):
    compressed, files = shape("web")
    options = ["--tmpfs=/tmp", f"--volume={configuration}:/etc/nginx/nginx.conf:ro", "--add-host=gateway:127.0.0.1"]
    contained = [container_start("web", options) for _ in range(CONTAINERS)]
    return {
        "compressed": compressed,
        "files": files,
        "container": statistics.median(took for took, _ in contained),
        "memory": statistics.median(memory for _, memory in contained),
    }


def of_migrate():
    compressed, files = shape("migrate")
    took = []
    for _ in range(5):
        began = time.perf_counter()
        run(PROGRAMS / "migrate", env={"DATABASE_URL": URL, "LOG": "warn"})
        took.append((time.perf_counter() - began) * 1000)
    return {"compressed": compressed, "files": files, "again": statistics.median(took)}


def table(functions, web, migrate):
    cell = lambda figure: f"{figure[0]:.1f} / {figure[1]:.1f}"
    lines = [
        "| image | compressed, MiB | files | container to first 200, ms | process to first 200, ms: median / p95 |"
        + " the same with its first query | idle memory, MiB | after its first query |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
        "| *goal, a function* | *≤ 3* | *1* | | *≤ 5* | *≤ 20* | *≤ 8* | |",
    ]
    for name, it in functions.items():
        lines.append(
            f"| `{name}` | {it['compressed']:.2f} | {it['files']} | {it['container']:.0f} | {cell(it['process'])} "
            f"| {cell(it['query'])} | {it['memory']:.1f} | {it['after']:.1f} |"
        )
    lines.append(
        f"| `migrate` | {migrate['compressed']:.2f} | {migrate['files']} | | | nothing to do: {migrate['again']:.0f} | | |"
    )
    lines.append(
        f"| `web` | {web['compressed']:.2f} | {web['files']} | {web['container']:.0f} | | | {web['memory']:.1f} | |"
    )
    return "\n".join(lines)


def main():
    sql("CREATE DATABASE hanip CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    run(PROGRAMS / "migrate", env={"DATABASE_URL": URL, "LOG": "warn"})
    sql(
        """INSERT INTO users (user_id, display_name, locale, time_zone, created_at) VALUES (UNHEX(MD5('a')), 'a', 'ko', 'UTC', NOW());
        INSERT INTO sessions (user_id, id, token_hash, created_at, last_used_at)
        VALUES (UNHEX(MD5('a')), UNHEX(MD5('a')), UNHEX(SHA2('token', 256)), UTC_TIMESTAMP(), UTC_TIMESTAMP())""",
        "hanip",
    )
    run("docker", "network", "create", "hanip-images")
    functions = {name: of_function(name) for name in FIRST}
    text = table(functions, of_web(os.environ["NGINX_CONF"]), of_migrate())
    print(text)
    missed = [
        f"{name}: {goal}"
        for name, figures in functions.items()
        for goal, most in GOALS.items()
        if (figures[goal][0] if isinstance(figures[goal], tuple) else figures[goal]) > most
    ]
    today = datetime.date.today()
    guide = OUTPUT.read_text().split("## Figures")[0]
    OUTPUT.write_text(
        f"""{guide}## Figures

Made by `scripts/images table` on {today}; {ABOUT}.

{text}

Every container ran with `{" ".join(HARD)}`, and `web` with a `/tmp` in memory and its configuration mounted.
Compressed is what a registry sends. A process starts on the bare machine, median and p95 of {STARTS}; a container on Docker,
from `docker start` on, median of {CONTAINERS}. The first query is that of a signed-in person's first screen of the function: it
connects to MariaDB over a unix socket, which takes some of the time. Memory is resident, shared pages included, of all
processes in the container.

Compressed, for each architecture, in MiB:

{sizes()}
"""
    )
    if missed:
        sys.exit("Missed: " + ", ".join(missed))


main()
