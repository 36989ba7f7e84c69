#!/usr/bin/env python3
"""Makes docs/images/report.png, the picture of the report for the README: picture.py REPORT.html [PICTURE.png]

The report is one of `tape demo`: `tape demo --dir DIR` writes DIR/report.html. Needs a Chromium, as report_browser.py does.
"""
import os
import sys

import chromium

HERE = os.path.dirname(os.path.abspath(__file__))
PICTURE = os.path.join(HERE, "..", "..", "docs", "images", "report.png")
WIDTH, HEIGHT = 1280, 1640
# The largest picture that a page of a repository should load.
BYTES_MAX = 400_000


def main(report, picture=PICTURE):
    program = chromium.find()
    if program is None:
        sys.exit("no Chromium: set CHROMIUM, or put chromium on the PATH")
    os.makedirs(os.path.dirname(os.path.abspath(picture)), exist_ok=True)
    with chromium.Page(program) as page:
        page.look(WIDTH, HEIGHT)
        page.open(report)
        # The head of the report, then its waits: what lies between is left out of the picture.
        page.run(
            """(() => {
              for (const name of ["findings", "suggestions", "volume", "channels"])
                document.querySelector(".s-" + name)?.remove();
              document.querySelector("nav")?.remove();
            })()"""
        )
        page.picture(picture, clip={"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT})
    size = os.path.getsize(picture)
    if size > BYTES_MAX:
        sys.exit(f"{picture} has {size} bytes, more than {BYTES_MAX}")
    print(f"{os.path.relpath(picture)}: {size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
