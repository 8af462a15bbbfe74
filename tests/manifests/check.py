"""Checks every manifest as a cluster would get it: check.py ROOT

ROOT is a copy of the repository, with what scripts/deploy writes into each overlay. Every fault is a line with the
name of its rule, and the exit status says whether there are any.
"""

import functools
import pathlib
import subprocess
import sys

import availability
import network
import parity
import replicated
import running
import schemas
import wiring
from render import load, overlays, platform, render


def faults(root, folders):
    yield from parity.tracked_secrets(root)
    yield from parity.documents(root)
    for rule, words in [*schemas.check(root, platform(root)), *network.gateway(platform(root))]:
        yield rule, f"platform: {words}"
    made = secrets(root, *secrets_from(root))
    for folder in folders:
        for rule, words in overlay_faults(root, folder, made):
            yield rule, f"{folder.name}: {words}"


def overlay_faults(root, overlay, made):
    things, words = render(overlay)
    if words:
        yield "render", words
        return
    yield from schemas.check(root, things)
    yield from running.check(root, things)
    yield from availability.check(things)
    yield from network.check(things)
    yield from wiring.check(things, set(made) | {"sign-in"})
    yield from parity.check(root, things, (overlay / "written/nginx.conf").read_text())
    yield from parity.keys(root, things, made)
    yield from replicated.check(root, things, printed(root, "--replicated", *secrets_from(root)))


def secrets_from(root):
    """What the Secrets depend on: the script, and the grants that there are."""
    return tuple((root / file).read_text() for file in ("scripts/secrets", "migrations/grants.txt"))


def secrets(root, *sources):
    """The keys of each Secret that scripts/secrets makes."""
    return {secret["metadata"]["name"]: set(secret["data"]) for secret in load(printed(root, None, *sources))}


@functools.cache
def printed(root, option, *_sources):
    command = [root / "scripts/secrets", *([option] if option else [])]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main(root):
    root = pathlib.Path(root)
    found = list(faults(root, overlays(root)))
    for rule, words in found:
        print(f"{rule}: {words}", file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
