"""Makes each of these mistakes in a copy of what check.py reads, and sees that it is found: mistakes.py, in the root."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

CHECK = pathlib.Path(__file__).parent.resolve() / "check.py"
CI, RELEASE = ".github/workflows/ci.yml", ".github/workflows/release.yml"
VALUES = "ci/jenkins/values.yaml"
# Where, what is there, what stands there instead, and the fault that it is to be.
MISTAKES = [
    ("Jenkinsfile", "sh 'scripts/ci images'", "sh 'scripts/images'", "a stage that is not"),
    (CI, "run: scripts/ci test", "run: scripts/test", "ci.yml: it does not test"),
    (CI, "run: scripts/ci test", "run: scripts/ci tests", "ci.yml: scripts/ci tests is no stage"),
    (CI, "run: scripts/ci test", "run: TOKEN=${{ secrets.TOKEN }} scripts/ci test", "would run with a secret"),
    (RELEASE, "linux/amd64,linux/arm64", "linux/amd64", "it does not build: linux/arm64"),
    (
        RELEASE,
        "permissions: {}\n",
        "permissions: {}\n\nenv:\n  PLATFORMS: linux/arm64\n",
        "tests for another",
    ),
    (
        RELEASE,
        "      - run: scripts/ci images",
        "      - run: scripts/ci test\n      - run: scripts/ci images",
        "tests in a job that may write",
    ),
    (RELEASE, "    needs: test", "    needs: []", "images without tests"),
    (RELEASE, "      contents: read", "      contents: write", "may do more than read"),
    (RELEASE, "    timeout-minutes: 120", "    environment: release", "tests with a secret"),
    (VALUES, "keyName: kubeconfig", "keyName: kubeconfigs", "only one of the Secret and the credentials has"),
    (VALUES, "id: registry,", "id: registries,", "only one of Jenkinsfile and values.yaml has"),
    (
        VALUES,
        '"${readFileBase64:/run/secrets/additional/jenkins-ci-cosign-key}"',
        "aHVudGVyMg==",
        "not read from a file",
    ),
    (VALUES, "git:5.10.1", "git", "the plugin git has no exact version"),
    (VALUES, "numExecutors: 0", "numExecutors: 2", "builds would run on the controller"),
    (VALUES, "signatureAlgorithm: SHA256", "signatureAlgorithm: SHA1", "not of SHA-256"),
    (
        "docs/delivery.md",
        "--version 5.9.54",
        "--version 5.9.55 --devel\n# --version 5.9.54",
        "Renovate does not see the version",
    ),
    # The same version is seen in another place.
    (
        "knative/README.md",
        "mariadb-operator/mariadb-operator:26",
        "mariadb-operator/operator:26",
        "the version 26.10.1",
    ),
    ("knative/README.md", "| MetalLB, ", "| MetalLb, ", "the version 0.16.2"),
    ("knative/README.md", "docker.io/library/mariadb:", "docker.io/mariadb:", "the version 11.8"),
    ("scripts/providers", "maven-dependency-plugin:3", "maven-antrun-plugin:3", "the version 3.6.1"),
    ("docs/load.md", ", which it fetches", " 5.6.3, which it fetches", "the version 5.6.3"),
]

wrong = []
for path, there, instead, expected in MISTAKES:
    with tempfile.TemporaryDirectory(prefix="hanip-ci.") as copy:
        for folder in (".github", "ci", "docs", "knative", "scripts"):
            shutil.copytree(folder, f"{copy}/{folder}", ignore=shutil.ignore_patterns("*.png", "written"))
        shutil.copy("Jenkinsfile", copy)
        changed = pathlib.Path(copy, path)
        text = changed.read_text()
        assert there in text, (path, there)
        changed.write_text(text.replace(there, instead, 1))
        said = subprocess.run([sys.executable, CHECK], check=False, cwd=copy, capture_output=True, text=True)
        if said.returncode == 0 or expected not in said.stderr:
            wrong.append(f"{path}: {instead} is not found, but: {said.stdout}{said.stderr}")
if wrong:
    raise SystemExit("\n".join(wrong))
print(f"{len(MISTAKES)} mistakes in workflows, values and versions are found")
