#!/usr/bin/env python3
"""Makes the pictures of README.md: the live page in the middle of a run, and the report of it, light and dark.

The run is the quickstart with two faults, a minute long, so that the live page has something to show. Leaves with 1 where a picture cannot be made, and with 69
where there is no program or no browser.
"""
import contextlib
import io
import os
import sys
import tempfile

HOME = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HOME)
sys.dont_write_bytecode = True

from PIL import Image
from playwright.sync_api import Error, expect

from looks import options
from looks.browser import PATIENCE, SCHEMES, browser
from looks.names import address
from looks.options import PROJECT
from looks.readme import MOST_BYTES
from looks.runs import RunFault, WatchedRun

# A minute of wall time.
SPEED = "clock.speed=x1440"
FAULTS = "faults=[{at: 14h, kill: ingestion}, {at: 15h30m, pause: broker, for: 500ms}]"
# A picture is taken when so many jobs are over, and the faults have happened.
JOBS = 5
WIDTH = 1280
# Of a screen of twice as many points a side, halved: letters are smoother than at their own size.
SHARPNESS = 2
# What is left below the last section that is shown.
MARGIN = 16
# Pages are of few colours. The method keeps those that are seldom: verdicts and marks.
COLORS, METHOD = 256, Image.Quantize.MAXCOVERAGE


def save(view, folder, name, last):
    """The page from its top to the end of the section `last`, small enough for a page that is opened for a look."""
    height = round(view.page.locator(last).evaluate("section => section.getBoundingClientRect().bottom + scrollY")) + MARGIN
    shot = view.page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
    image = Image.open(io.BytesIO(shot)).convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
    path = f"{folder}/{name}-{view.scheme}.png"
    image.quantize(COLORS, METHOD, dither=Image.Dither.NONE).save(path, optimize=True)
    size = os.path.getsize(path)
    print(f"{path}  {size} bytes")
    if size > MOST_BYTES:
        raise RunFault(f"{path} has {size} bytes, and {MOST_BYTES} are many")


def make(chromium, sonde, folder, root):
    os.makedirs(folder, exist_ok=True)
    with WatchedRun(sonde, f"{PROJECT}/Scenarios/quickstart.yaml", f"{root}/quickstart", "--set", SPEED, "--set", FAULTS) as run:
        url = run.wait_for_address()
        with contextlib.ExitStack() as stack:
            views = [stack.enter_context(chromium.view(url, WIDTH, scheme, device_scale_factor=SHARPNESS)) for scheme in SCHEMES]
            for view in views:
                view.page.locator("#jobs tbody tr").nth(JOBS - 1).wait_for()
                expect(view.page.locator("#faults")).to_contain_text("SIGSTOP", timeout=PATIENCE)
                expect(view.page.locator("#verdict")).to_contain_text("Running", timeout=PATIENCE)
            for view in views:
                save(view, folder, "live", "main section[aria-labelledby=h-devices]")
        run.end(0)
    for scheme in SCHEMES:
        with chromium.view(address(f"{root}/quickstart/report.html"), WIDTH, scheme, device_scale_factor=SHARPNESS) as view:
            save(view, folder, "report", "section#verdict")


def main():
    parser = options.parser("pictures.py", __doc__)
    parser.add_argument("folder", metavar="FOLDER", help="where they go: docs/pictures")
    chosen = options.parse(parser, "pictures")
    with tempfile.TemporaryDirectory(prefix="sonde-pictures-") as root:
        try:
            with browser(chosen.chromium) as chromium:
                make(chromium, os.path.abspath(chosen.sonde), chosen.folder, root)
        except (RunFault, Error, AssertionError) as fault:
            print(f"pictures: {fault}", file=sys.stderr)
            sys.exit(1)


main()
