"""Names that would be something else, if a page let them."""
import contextlib
import csv
import json
import os
import re
import shutil
import sqlite3
import urllib.parse

from looks import page
from looks.browser import PATIENCE, SCHEMES, WIDTHS
from looks.live import ENDED, LINKS, has_ended, has_text, waited
from looks.runs import View, WatchedRun, report_again

# A file's name has no slash.
FILE = "<img src=x onerror=window.xss=1> \"'&"
NAME = "x</title></svg></pre></script><script>window.xss=1</script><img src=x onerror=\"window.xss=1\"> ' & \x07 " + "W" * 64
# What is harmless and, to the pictures, as wide. Slashes stay: a path is known by them.
HARMLESS = str.maketrans({"<": "+", ">": "#", "&": "~", "=": "+", "\"": "t", "'": "i", "\x07": "A"})


def address(path):
    return "file://" + urllib.parse.quote(os.path.abspath(path))


def look(ledger, browser, sonde, scenario, root):
    """A real run with hostile names; then its folder with names in every file that a scenario could not have."""
    folder, file = f"{root}/{FILE}", f"{root}/{FILE}.yaml"
    shutil.copy(scenario, file)
    with WatchedRun(sonde, file, folder) as run, contextlib.ExitStack() as stack:
        views = stack.enter_context(browser.views(run.wait_for_address()))
        run.end(1)
        for view in views:
            ledger.note(f"live page of hostile names, {view.name}: it shows the run's end", has_ended(view, verdict=re.compile("^Failed: 1 of 2")))
        for view in views:
            ledger.note(f"live page of hostile names, {view.name}: nothing is cut, overlapping or wider than the page", page.layout(view))
        ledger.note("live page of hostile names: axe finds no violation", page.accessibility(views[-1]))
        ledger.note("live page of hostile names: names are text", page.names_are_text(views[0], LINKS))
    with browser.views(address(f"{folder}/report.html")) as views:
        for view in views:
            ledger.note(f"report of hostile names, {view.name}: nothing is cut, overlapping or wider than the page", page.layout(view))
        ledger.note("report of hostile names: axe finds no violation", page.accessibility(views[-1]))
        ledger.note("report of hostile names: names are text", page.names_are_text(views[0]))
        ledger.note("report of hostile names: the console is silent", page.console(views[0]))
    twins = [twin(sonde, folder, f"{root}/{name}", name) for name in ("hostile", "harmless")]
    reports, lives = [], []
    for place in twins:
        with browser.view(address(f"{place}/report.html")) as view:
            reports.append(page.skeleton(view))
            ledger.note(f"report of the {os.path.basename(place)} twin: names are text", page.names_are_text(view))
        with View(sonde, place) as program, browser.view(program.wait_for_address()) as view:
            ledger.note(f"live page of the {os.path.basename(place)} twin: it shows the run", waited("the page", PATIENCE, has_text(view, "#link", ENDED)))
            lives.append(page.skeleton(view))
            ledger.note(f"live page of the {os.path.basename(place)} twin: names are text", page.names_are_text(view, LINKS))
    ledger.note("report: hostile names change nothing but text", page.same_skeleton(*reports))
    ledger.note("live page: hostile names change nothing but text", page.same_skeleton(*lives))
    for width in WIDTHS:
        for scheme in SCHEMES:
            with browser.view(address(f"{twins[0]}/report.html"), width, scheme) as view:
                ledger.note(f"report of the hostile twin, {view.name}: nothing is cut, overlapping or wider than the page", page.layout(view))


def twin(sonde, folder, other, kind):
    """A copy of a run's folder with other names in its files, of one length and width in both kinds, and its report made anew."""
    name = NAME if kind == "hostile" else NAME.translate(HARMLESS)
    shutil.copytree(folder, other)

    def changed_json(path, change):
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
        change(value)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(value, file)

    def report(value):
        value["scenario"] = name
        value["reason"] = name
        for expectation in value["expectations"]:
            expectation["expression"] += " " + name
        for row in value["cluster"]:
            row["target"] = name
        value["detection"]["by_kind"] = {name: figures for figures in value["detection"]["by_kind"].values()}

    def manifest(value):
        value["scenario"].update(name=name, path=name, text=name + "\n" + name, overrides=[name])
        value["host"].update(system=name, cpu=name)
        value["versions"]["sqlite"] = name
        value["outputs"][name] = name

    changed_json(f"{other}/report.json", report)
    changed_json(f"{other}/manifest.json", manifest)
    with open(f"{other}/labels.csv", encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    with open(f"{other}/labels.csv", "w", encoding="utf-8", newline="") as file:
        kind_column = head.index("kind")
        csv.writer(file, lineterminator="\n").writerows([head] + [row[:kind_column] + [name] + row[kind_column + 1:] for row in rows])
    with contextlib.closing(sqlite3.connect(f"{other}/jobs.sqlite")) as store, store:
        store.execute("UPDATE node_states SET target = ?", (name,))
        store.execute("UPDATE jobs SET state = 'failed', reason = ? WHERE number = 1", (name,))
        store.execute("UPDATE tasks SET host = ?", (name,))
    report_again(sonde, other)
    return other
