"""The table, and the plot, of what the parts have measured."""

import json
import os
import pathlib
import platform
import re
import subprocess
from xml.sax.saxutils import escape

PARTS = ("requests", "layers", "growth", "start", "memory", "size", "tick", "reminders", "beside")


def machine():
    first = lambda pattern, path: re.search(pattern, pathlib.Path(path).read_text())[1].strip()
    output = lambda *command: subprocess.run(command, text=True, check=True, stdout=subprocess.PIPE).stdout.strip()
    return {
        "processors": f"{os.cpu_count()} × {first('model name.*: (.*)', '/proc/cpuinfo')}",
        "memory": f"{int(first(r'MemTotal: *([0-9]+)', '/proc/meminfo')) / 2**20:.0f} GiB",
        "kernel": platform.release(),
        "mariadb": output("mariadbd", "--version"),
        "rustc": output("rustc", "--version"),
        "profile": os.environ["BENCH_PROFILE"],
        "revision": output("git", "describe", "--always", "--dirty"),
        "load": os.getloadavg(),
        "at": output("date", "-u", "+%Y-%m-%d %H:%M UTC"),
    }


def table(result):
    """In Markdown, which a terminal shows as well."""
    rows = [result["columns"], *result["rows"]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(result["columns"]))]
    line = lambda row: "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
    ruler = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    at = result["machine"]
    when = f"{at['at']}, {at['revision']}, load {at['load'][0]:.1f}, {result['took_s']} s."
    return "\n".join(
        [f"## {result['title']}", "", line(rows[0]), ruler, *map(line, rows[1:]), "", result["note"] + " " + when, ""]
    )


def write(folder):
    """Everything there is, of this run and earlier ones, as table, JSON and plot."""
    results = {part: json.loads(path.read_text()) for part in PARTS if (path := folder / f"{part}.json").exists()}
    (folder / "bench.json").write_text(json.dumps(results, indent=1, ensure_ascii=False))
    (folder / "bench.md").write_text("\n".join(map(table, results.values())))
    (folder / "bench.svg").write_text(plot(results.values()))


def plot(results):
    left, width, height, y = 400, 460, 18, 10
    parts = []
    text = lambda x, y, words, more="": parts.append(f'<text x="{x}" y="{y}" {more}>{escape(words)}</text>')
    for result in results:
        y += 34
        text(10, y, result["title"], 'font-weight="bold" font-size="15"')
        text(left, y, result["plot"]["what"])
        y += 10
        bars = result["plot"]["bars"]
        most = max(max(ratio, goal or 0) for _, ratio, goal, _ in bars) * 1.05
        for label, ratio, goal, rule in bars:
            met = goal is None or (ratio >= goal if rule == "at least" else ratio <= goal)
            colour = "#2a7f9e" if met else "#c0504d"
            text(left - 8, y + 13, label, 'text-anchor="end"')
            parts.append(
                f'<rect x="{left}" y="{y + 2}" width="{ratio / most * width:.1f}" height="{height - 4}" fill="{colour}"/>'
            )
            if goal is not None:
                x = left + goal / most * width
                parts.append(f'<path d="M{x:.1f} {y}v{height}" stroke="#222" stroke-width="2"/>')
            text(left + width + 8, y + 13, f"{ratio:.2f}" + ("" if met else " ✗"))
            y += height
    text(10, y + 30, "A black line is the goal; a red bar with ✗ misses it.")
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 80}" height="{y + 44}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    )
