"""What the runs of a lab must say: their exit codes, the expectation that fails, and the figures that the page quotes."""
import json
import os
import re
import shutil
import subprocess
import time

from checker.pages import FIGURES, NAMED, table, text_of

# A run that takes longer than this hangs.
LONGEST_RUN = 600


class Run:
    """What a scenario came to: the exit code, the seconds it took, its report and what its page says."""

    def __init__(self, sonde, scenario, out):
        began = time.monotonic()
        shutil.rmtree(out, ignore_errors=True)
        command = [sonde, "run", scenario, "--out", out]
        try:
            ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=LONGEST_RUN, text=True)
            self.code, self.errors = ended.returncode, ended.stderr
        except subprocess.TimeoutExpired:
            self.code, self.errors = "none", f"it took longer than {LONGEST_RUN} s"
        self.seconds = time.monotonic() - began
        has = lambda name: os.path.exists(f"{out}/{name}")
        self.report = json.loads(text_of(f"{out}/report.json")) if has("report.json") else {}
        self.page = text_of(f"{out}/report.html") if has("report.html") else None

    @property
    def failed(self):
        return [each["expression"] for each in self.report.get("expectations", []) if not each["passed"]]

    @property
    def said(self):
        """The last line on standard error that is no progress."""
        lines = [line for line in self.errors.split("\n") if line and not re.match(r"(publishing|draining|scoring) ", line)]
        return f" ({lines[-1]})" if lines else ""


def value_of(report, path):
    """The figure that a path names, as an expectation would. KeyError where there is none."""
    value = report
    for name, selector in re.findall(r"([\w-]+)(?:\[([^\]]+)\])?", path):
        value = value[name]
        if selector:
            wanted = [pair.split("=") for pair in selector.split(",")]
            rows = [row for row in value if all(str(row[key]) == wish for key, wish in wanted)]
            if len(rows) != 1:
                raise KeyError(path)
            value = rows[0]
    return value


def holds(stated, value):
    """Whether a cell says what a figure is: a number, as exactly as it is written, or a bound; a dash says nothing."""
    if stated == "–":
        return True
    match = re.fullmatch(r"(more than |less than |at least |at most )?(-?[\d,]+(?:\.(\d+))?)", stated)
    if not match or not isinstance(value, (int, float)):
        return False
    bound, number = match[1], float(match[2].replace(",", ""))
    if bound:
        return {"more": value > number, "less": value < number, "at l": value >= number, "at m": value <= number}[bound[:4]]
    return abs(value - number) <= 0.5 * 10 ** -len(match[3] or "") + 1e-9


def run_findings(folder, start, solution):
    """What the runs of a lab say against its page."""
    text = text_of(f"{folder}/README.md")
    if start.code != 1:
        yield f"start.yaml ends with {start.code}, and not with 1{start.said}"
    if solution.code != 0:
        yield f"solution.yaml ends with {solution.code}, and not with 0{solution.said}"
    named = NAMED.findall(text)
    if start.code == 1 and start.failed != named:
        yield f"start.yaml fails on {start.failed}, and the page names {named}"
    for path, *stated in table(text, FIGURES) or []:
        for which, run, cell in zip(("start", "solution"), (start, solution), stated):
            try:
                value = value_of(run.report, path.strip("`"))
            except (KeyError, TypeError):
                if cell != "–":
                    yield f"the {which} has no figure {path}"
                continue
            if not holds(cell, value):
                yield f"{path} of the {which} is {value}, and the page says {cell}"
    for section in re.findall(r"section \*([^*]+)\*", text):
        if start.page and section not in start.page:
            yield f"report.html has no section “{section}”"
