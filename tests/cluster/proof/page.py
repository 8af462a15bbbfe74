"""The commands of knative/README.md, run as a person would."""

import re
import subprocess

from kubernetes import Failed


class Page:
    def __init__(self, path, environment):
        self.environment = environment
        self.blocks = re.findall(r"^```sh\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)
        self.run_blocks = set()

    def block(self, words):
        found = [block for block in self.blocks if words in block]
        if len(found) != 1:
            raise Failed(f"knative/README.md has {len(found)} blocks of commands with: {words}")
        return found[0]

    def run(self, words, replaced=(), without=()):
        """Runs the block with these WORDS. REPLACED are pairs of what cannot be reached here, and what stands in for it;
        lines WITHOUT are left out."""
        block = self.block(words)
        self.run_blocks.add(block)
        for old, new in replaced:
            if old not in block:
                raise Failed(f"knative/README.md, at {words}: there is no {old}")
            block = block.replace(old, new)
        for line in without:
            if f"{line}\n" not in block:
                raise Failed(f"knative/README.md, at {words}: there is no line {line}")
            block = block.replace(f"{line}\n", "")
        made = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block], capture_output=True, text=True, check=False, env=self.environment
        )
        if made.returncode:
            raise Failed(
                f"a command of knative/README.md failed:\n{block}\n{made.stdout[-1000:]}\n{made.stderr[-2000:]}"
            )
        return made.stdout

    def not_run(self):
        """The first line of each block that was not run."""
        return [block.splitlines()[0] for block in self.blocks if block not in self.run_blocks]
