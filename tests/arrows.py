#!/usr/bin/env python3
"""Holds the arrows between the crates against those that ARCHITECTURE.md draws, and the lock file against one version set.

ARCHITECTURE.md lists the arrows between the lines `<!-- arrows -->` and `<!-- /arrows -->`, a crate a line:

    cli -> report query ingest

Names are those of the packages without `tapemeasure-`. An arrow of any kind counts (normal, development, build). An arrow
that is not drawn fails, and so does one that is drawn and not there: a new arrow is a decision, made in that file.
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PREFIX = "tapemeasure-"
# Values of these crates cross the borders of ours: a second version of one is another type with the same name.
ONE_VERSION = re.compile(r"(arrow|parquet|datafusion)(-.*)?")


def drawn(text):
    """The arrows that the text draws, as pairs of names, and what is wrong with the drawing."""
    block = re.search(r"<!-- arrows -->(.*?)<!-- /arrows -->", text, re.DOTALL)
    if not block:
        return set(), ["ARCHITECTURE.md: no lines between <!-- arrows --> and <!-- /arrows -->"]
    arrows, faults = set(), []
    for line in block.group(1).splitlines():
        line = line.strip()
        if not line or line.startswith("```"):
            continue
        start, arrow, ends = line.partition("->")
        if not arrow or len(start.split()) != 1:
            faults.append(f"ARCHITECTURE.md: no arrow: {line}")
            continue
        arrows |= {(start.strip(), end) for end in ends.split()}
    return arrows, faults


def real(metadata):
    """The arrows between the packages of the workspace, and the names of those."""
    short = {p["name"]: p["name"].removeprefix(PREFIX) for p in metadata["packages"]}
    arrows = {(short[p["name"]], short[d["name"]])
              for p in metadata["packages"] for d in p["dependencies"] if d["name"] in short}
    return arrows, set(short.values())


def doubled(lock):
    """The packages that must have one version and have more."""
    versions = {}
    for name, version in re.findall(r'^name = "([^"]+)"\nversion = "([^"]+)"', lock, re.MULTILINE):
        if ONE_VERSION.fullmatch(name):
            versions.setdefault(name, []).append(version)
    return [f"Cargo.lock: {name} has versions {', '.join(v)}" for name, v in sorted(versions.items()) if len(v) > 1]


def main():
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    there, names = real(metadata)
    path = ROOT / "ARCHITECTURE.md"
    meant, faults = drawn(path.read_text(encoding="utf-8")) if path.exists() else (set(), ["ARCHITECTURE.md is missing"])
    unknown = {name for arrow in meant for name in arrow} - names
    faults += [f"ARCHITECTURE.md: no such crate: {name}" for name in sorted(unknown)]
    faults += [f"an arrow that ARCHITECTURE.md does not draw: {a} -> {b}" for a, b in sorted(there - meant)]
    faults += [f"an arrow that ARCHITECTURE.md draws and that is not there: {a} -> {b}" for a, b in sorted(meant - there)]
    faults += doubled((ROOT / "Cargo.lock").read_text(encoding="utf-8"))
    print("\n".join(faults) if faults else f"{len(there)} arrows, all drawn; one version of arrow, parquet and datafusion")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
