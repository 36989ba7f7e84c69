#!/usr/bin/env python3
"""Opens a report in a headless Chromium and looks for what a reader would stumble over: report_browser.py REPORT.html

At three widths, in light and dark, and printed on A4: nothing wider than the screen, no two texts of a chart over each
other, no text cut off by its frame, nothing asked from a network, no script that fails. Where axe-core is at hand (AXE_CORE
names axe.min.js, else a global installation of npm) its rules as well.

Ends with 0, with 1 and a line for each finding, or with 77 where there is no browser.
"""
import os
import subprocess
import sys

import chromium

WIDTHS = [360, 768, 1280]
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


def check(page, report, rules):
    """What is wrong with the report, one line a finding."""
    findings = []
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            place = f"{width} px, {scheme}: "
            page.look(width, scheme=scheme)
            page.open(report)
            for script in (OVERFLOW, LABELS, UNNAMED, SAYING):
                findings += [place + line for line in page.run(script)]
            if rules:
                page.run(rules + "; 0")
                found = page.run(
                    'axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }).then((result) =>'
                    ' result.violations.map((v) => v.id + ": " + v.nodes.length + " times, first "'
                    " + v.nodes[0].html.slice(0, 120)))"
                )
                findings += [place + "axe: " + line for line in found]
    page.look(SHEET, media="print")
    page.open(report)
    for script in (OVERFLOW, LABELS):
        findings += ["on paper: " + line for line in page.run(script)]
    if not page.pdf().startswith(b"%PDF-"):
        findings.append("on paper: it cannot be printed")
    own = "file://" + os.path.abspath(report)
    findings += [f"asks for {address}" for address in page.requests if address != own]
    findings += [f"script: {error}" for error in page.errors]
    return findings


def main(report):
    program = chromium.find()
    if program is None:
        print("no Chromium: set CHROMIUM, or put chromium on the PATH")
        return 77
    rules = axe()
    with chromium.Page(program) as page:
        findings = check(page, report, rules)
    for finding in findings:
        print(finding)
    if not findings:
        print("well" if rules else "well; axe-core not found, its rules not checked")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
