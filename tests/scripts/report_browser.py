#!/usr/bin/env python3
"""Opens reports in a headless Chromium and looks for what a reader would stumble over: report_browser.py PART REPORT.html...

The part `page`, at three widths, in light and dark, and printed on A4: nothing wider than the screen, no two texts of a
chart over each other, no text cut off by its frame, nothing asked from a network, no script that fails. The part `axe`, at
the same widths, in light and dark: the rules of axe-core for WCAG 2.2, levels A and AA (AXE_CORE names axe.min.js, else a
global installation of npm is looked for).

Ends with 0, with 1 and a line for each finding, or with 77 and the reason where the browser or axe-core is missing.
"""
import json
import os
import subprocess
import sys

import chromium

WIDTHS = [360, 768, 1280]
SCHEMES = ["light", "dark"]
# What the program ends with where it has nothing to look with.
MISSING = 77
# The rules of axe-core that are run, by their tags.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# The width of an A4 sheet without its margins of 13 mm, in CSS pixels.
SHEET = 695

# Texts of one drawing whose boxes overlap by more than a pixel, and texts that stand out of the frame of their chart.
LABELS = """(() => {
  const found = [];
  const shown = (box) => box.width > 0 && box.height > 0;
  for (const plot of document.querySelectorAll("svg.plot")) {
    const name = plot.querySelector("title")?.textContent ?? "a drawing without title";
    const frame = (plot.closest(".chart") ?? plot.parentElement).getBoundingClientRect();
    const texts = [...plot.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()])
      .filter(([, box]) => shown(box));
    texts.forEach(([text, a], i) => {
      if (a.left < frame.left - 1 || a.right > frame.right + 1 || a.bottom > frame.bottom + 1 || a.top < frame.top - 1)
        found.push(`${name}: ${text} stands out of its frame`);
      for (const [other, b] of texts.slice(i + 1)) {
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (wide > 1 && high > 1.5) found.push(`${name}: ${text} lies over ${other}`);
      }
    });
  }
  return found;
})()"""

OVERFLOW = """(() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const scrolls = (element) => element && (/auto|scroll|hidden/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const outside = [...document.querySelectorAll("body *")].filter((element) =>
    element.getBoundingClientRect().right > root.clientWidth + 1 && !scrolls(element.parentElement));
  const named = outside.slice(0, 3).map((element) => element.tagName.toLowerCase() + "." + element.getAttribute("class"));
  return [`${root.scrollWidth} px wide: ${named.join(", ")}`];
})()"""

# A chart without a title, a description or its numbers as a table.
UNNAMED = """[...document.querySelectorAll("svg.plot")].filter((plot) =>
  plot.getAttribute("role") !== "img" || !plot.querySelector(":scope > title")?.textContent ||
  !plot.querySelector(":scope > desc")?.textContent || !plot.closest(".chart")?.querySelector("details table")
).map((plot) => "a chart without title, description or table: " + plot.outerHTML.slice(0, 80))"""

# Each hit area, by pointer, says something; so does each chart by keyboard.
SAYING = """(() => {
  const found = [];
  for (const plot of document.querySelectorAll("svg.plot")) {
    if (!plot.querySelector(".hit")) continue;
    plot.focus();
    plot.dispatchEvent(new KeyboardEvent("keydown", { key: "End" }));
    const said = document.querySelector(".tip:not([hidden])")?.textContent;
    if (!said) found.push("nothing is said by keyboard of " + plot.querySelector("title").textContent);
    plot.blur();
  }
  return found;
})()"""


def axe():
    """The source of axe-core, if it is on this machine."""
    named = os.environ.get("AXE_CORE")
    if not named:
        try:
            root = subprocess.run(["npm", "root", "-g"], capture_output=True, text=True, timeout=60, check=True)
        except (OSError, subprocess.SubprocessError):
            return None
        named = os.path.join(root.stdout.strip(), "axe-core", "axe.min.js")
    if not os.path.isfile(named):
        return None
    with open(named, encoding="utf-8") as file:
        return file.read()


def views(page, report):
    """Opens the report at each width in light and dark: the width, and what stands before a finding."""
    for width in WIDTHS:
        for scheme in SCHEMES:
            page.look(width, scheme=scheme)
            page.open(report)
            yield width, f"{width} px, {scheme}: "


def sights(page, report):
    """What is wrong with the page as it is seen, one line a finding."""
    findings = []
    for _, place in views(page, report):
        for script in (OVERFLOW, LABELS, UNNAMED, SAYING):
            findings += [place + line for line in page.run(script)]
    page.look(SHEET, media="print")
    page.open(report)
    for script in (OVERFLOW, LABELS):
        findings += ["on paper: " + line for line in page.run(script)]
    if not page.pdf().startswith(b"%PDF-"):
        findings.append("on paper: it cannot be printed")
    own = "file://" + os.path.abspath(report)
    findings += [f"asks for {address}" for address in page.requests if address != own]
    findings += [f"script: {error}" for error in page.errors]
    page.requests.clear()
    page.errors.clear()
    return findings


def violations(page, report, source):
    """Which rules of axe-core the page breaks, one line a rule."""
    findings = []
    for width, place in views(page, report):
        if width == WIDTHS[-1]:
            # The numbers behind the charts, once for each scheme: what is folded is not checked.
            page.run("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        page.run(source + "; 0")
        found = page.run(
            f"axe.run({{ runOnly: {json.dumps(TAGS)} }}).then((result) =>"
            " [result.passes.length, result.violations.map((v) => v.id + \": \" + v.nodes.length + \" times, first \""
            " + v.nodes[0].html.slice(0, 120))])"
        )
        passed, broken = found
        findings += [place + line for line in broken]
        if not passed:
            findings.append(place + "axe-core has checked nothing")
    return findings


def main(part, *reports):
    program = chromium.find()
    if program is None:
        print("no Chromium: set CHROMIUM, or put chromium on the PATH")
        return MISSING
    looks = sights
    if part == "axe":
        source = axe()
        if source is None:
            print("no axe-core: set AXE_CORE to its axe.min.js; tests/run.sh installs it where there is npm")
            return MISSING
        looks = lambda page, report: violations(page, report, source)
    elif part != "page":
        print(f"no part {part}: page or axe", file=sys.stderr)
        return 2
    with chromium.Page(program) as page:
        findings = [f"{os.path.basename(report)}: {line}" for report in reports for line in looks(page, report)]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
