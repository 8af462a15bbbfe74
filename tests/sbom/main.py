"""Reads the SBOM of every image from a registry as anybody can, and compares it with what is in the image.

main.py REGISTRY FILE: FILE has lines of REGISTRY/NAME@DIGEST, as `scripts/images push` prints.
"""

import io
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import urllib.request

from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

REGISTRY, PUSHED = sys.argv[1], pathlib.Path(sys.argv[2]).read_text().split()
# Where the compiler has left the path of a crate's source in a program, in messages of panics.
CRATE = re.compile(rb"/cargo/registry/src/[^/]+/([A-Za-z0-9_-]+?)-(\d+\.\d+\.\d+[A-Za-z0-9.+-]*)/")


def get(name, kind, digest):
    types = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"
    request = urllib.request.Request(f"http://{REGISTRY}/v2/hanip/{name}/{kind}/{digest}", headers={"Accept": types})
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def sboms(name, index):
    """The digest of each image of the index, and its SBOM."""
    for entry in index["manifests"]:
        notes = entry.get("annotations", {})
        if notes.get("vnd.docker.reference.type") != "attestation-manifest":
            continue
        [layer] = json.loads(get(name, "manifests", entry["digest"]))["layers"]
        statement = json.loads(get(name, "blobs", layer["digest"]))
        assert statement["predicateType"] == "https://spdx.dev/Document"
        [subject] = statement["subject"]
        assert f"sha256:{subject['digest']['sha256']}" == notes["vnd.docker.reference.digest"], "the SBOM of another"
        yield notes["vnd.docker.reference.digest"], statement["predicate"]


def check_form(sbom):
    with tempfile.NamedTemporaryFile("w", suffix=".spdx.json") as file:
        json.dump(sbom, file)
        file.flush()
        faults = validate_full_spdx_document(parse_file(file.name))
    assert not faults, faults[0].validation_message


def files(name, manifest):
    for layer in manifest["layers"]:
        packed = get(name, "blobs", layer["digest"])
        unpacked = subprocess.run(["zstd", "-dc"], check=True, input=packed, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(unpacked)) as archive:
            for member in archive:
                if member.isfile():
                    yield member.name, archive.extractfile(member).read()


def check_content(name, manifest, purls):
    """The number of parts that the image itself shows and its SBOM has."""
    content = dict(files(name, manifest))
    if name == "web":
        libraries = {file for file in content if ".so." in file}
        assert any(purl.startswith("pkg:npm/svelte@") for purl in purls), "the SBOM of web lacks Svelte"
        version = re.search(rb"nginx/(\d+\.\d+\.\d+)", content["usr/sbin/nginx"])[1].decode()
        shown = {f"nginx@{version}", "libc6@", "libssl3", "zlib1g@"}
        missing = {one for one in shown if not any(re.match(f"pkg:deb/[a-z]+/{one}", purl) for purl in purls)}
        assert libraries, "no library in web"
    else:
        shown = {(crate.decode(), version.decode()) for crate, version in CRATE.findall(content["program"])}
        assert len(shown) >= 10, f"only {len(shown)} crates show in {name}"
        missing = {f"{crate} {version}" for crate, version in shown if f"pkg:cargo/{crate}@{version}" not in purls}
    assert not missing, f"the SBOM of {name} lacks {missing}"
    return len(shown)


images = parts = shown = 0
for line in PUSHED:
    name, digest = re.search(r"/([a-z-]+)@(.+)$", line).groups()
    index = json.loads(get(name, "manifests", digest))
    programs = [entry for entry in index["manifests"] if entry["platform"]["os"] == "linux"]
    found = dict(sboms(name, index))
    assert found.keys() == {entry["digest"] for entry in programs}, f"an image of {name} has no SBOM"
    for entry in programs:
        sbom = found[entry["digest"]]
        check_form(sbom)
        purls = {part["externalRefs"][0]["referenceLocator"] for part in sbom["packages"] if "externalRefs" in part}
        images += 1
        parts += len(purls)
        shown += check_content(name, json.loads(get(name, "manifests", entry["digest"])), purls)
print(f"parts that an image shows and its SBOM lacks: 0 of {shown}, in {images} images with {parts} parts")
