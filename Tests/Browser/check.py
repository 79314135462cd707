#!/usr/bin/env python3
"""Looks at the pages of real runs in a real browser: the live page while a run goes on and after it, and the report.

Prints each check. Leaves with 0 where all of them passed, with 1 where one did not, with 64 for bad arguments, and with 69 where there is no program or no
browser.
"""
import os
import signal
import sys
import tempfile
import time

HOME = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HOME)
sys.dont_write_bytecode = True

from looks import live, names, options, readme, report
from looks.browser import browser
from looks.ledger import Ledger
from looks.options import PROJECT
from looks.runs import RunFault, WatchedRun
from looks.selftest import self_test


def look(chromium, sonde, root, reports):
    """Everything, and the findings are in the ledger."""
    ledger = Ledger()
    ledger.note("README.md: its pictures are there", readme.pictures(PROJECT))
    live.look(ledger, chromium, sonde, f"{HOME}/watched.yaml", f"{root}/watched")
    with WatchedRun(sonde, f"{PROJECT}/Scenarios/quickstart.yaml", f"{root}/quickstart") as run, chromium.view(run.wait_for_address()) as view:
        run.end(0)
        ledger.note("live page of the quickstart: it says that all expectations held", live.has_ended(view, verdict="Passed: all 8 expectations held"))
        ledger.note("live page of the quickstart: the link leads to the report", live.leads_to_report(view))
    report.look(ledger, chromium, "report", names.address(f"{root}/quickstart/report.html"))
    names.look(ledger, chromium, sonde, f"{HOME}/hostile.yaml", f"{root}")
    for folder in reports:
        report.look(ledger, chromium, f"report of {os.path.basename(folder.rstrip('/'))}", names.address(f"{folder}/report.html"))
    return ledger


def main():
    parser = options.parser("check.py", __doc__)
    parser.add_argument("--self-test", action="store_true", help="damages pages in the smallest way, and demands that each damage is found")
    parser.add_argument("reports", metavar="RUN_DIR", nargs="*", help="finished runs whose reports are looked at, too")
    chosen = options.parse(parser, "browser-test")
    for folder in chosen.reports:
        if not os.path.exists(f"{folder}/report.html"):
            print(f"browser-test: there is no report.html in {folder}", file=sys.stderr)
            sys.exit(64)
    # Whoever stops it wants its runs stopped, and its folder removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    sonde = os.path.abspath(chosen.sonde)
    with tempfile.TemporaryDirectory(prefix="sonde-browser-") as root:
        try:
            with browser(chosen.chromium) as chromium:
                if chosen.self_test:
                    sys.exit(0 if self_test(chromium, sonde, HOME, root) else 1)
                ledger = look(chromium, sonde, root, chosen.reports)
        except RunFault as fault:
            print(f"browser-test: {fault}", file=sys.stderr)
            sys.exit(1)
    took = f"in {time.monotonic() - began:.0f} s"
    if ledger.failed:
        print(f"{ledger.failed} of {ledger.checks} checks did not pass, {took}")
        sys.exit(1)
    print(f"{ledger.checks} checks passed, {took}")


main()
