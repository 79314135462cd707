"""The smallest ways to damage a lab, and a part of the finding that each must give."""
import os
import shutil

from checker.pages import FIGURES, HEADINGS, text_of


def replaced(file, old, new):
    def damage(folder):
        text = text_of(f"{folder}/{file}")
        assert old in text, f"{file} has no “{old}” to damage"
        with open(f"{folder}/{file}", "w", encoding="utf-8") as opened:
            opened.write(text.replace(old, new, 1))

    return damage


def copied(source, target):
    return lambda folder: shutil.copy(f"{folder}/{source}", f"{folder}/{target}")


def without_list(file, heading):
    def damage(folder):
        before, after = text_of(f"{folder}/{file}").split(f"## {heading}\n")
        with open(f"{folder}/{file}", "w", encoding="utf-8") as opened:
            opened.write(f"{before}## {heading}\n" + after.replace("\n- ", "\n"))

    return damage


PAGE = "README.md"
# What is found of a run that has a page, and no section of that name in it.
NO_SECTION = "report.html has no section"
# What is damaged in a copy of lab 01, and a part of the finding that it must give.
DAMAGES = [(replaced(PAGE, f"## {heading}\n", ""), f"the heading “{heading}” is missing") for heading in HEADINGS] + [
    (replaced(PAGE, "# 01 ·", "# 02 ·"), "the first line is not"),
    (replaced(PAGE, "**10 minutes.**", "Ten minutes."), "there is no “**N minutes.**”"),
    (replaced(PAGE, "](../../docs/ingestion.md#windows)", "](../../docs/ingestions.md#windows)"), "leads to nothing"),
    (replaced(PAGE, "ingestion.md#windows)", "ingestion.md#doors)"), "leads to no heading"),
    (replaced(PAGE, "| How many readings are that? | |\n| How many windows", "How many windows"), "no table of three questions"),
    (replaced(PAGE, "a-reading/start.yaml", "a-reading/solution.yaml"), "the one command"),
    (replaced(PAGE, "This run ends with exit code 1, because", "It fails:"), "does not say which expectation"),
    (replaced(PAGE, "*Was anything lost?*", "*Was anything missed?*"), "does not name one section"),
    (replaced(PAGE, "<details>\n<summary>Hint 1", "<summary>Hint 1"), "“Hints” is not folded"),
    (replaced(PAGE, "</details>\n\n## Key", "## Key"), "“Solution” is not folded"),
    (without_list(PAGE, "Key points"), "are not lists"),
    (replaced(PAGE, "duration: 2h1m", "duration: 2h2m"), "is not that of solution.yaml"),
    (replaced("solution.yaml", "count: 5", "count: 6"), "and not in one"),
    (replaced(PAGE, FIGURES, FIGURES.replace("start", "before")), "has no table"),
    (replaced(PAGE, "| 1,190 |", "| 1,191 |"), "`windows.closed` of the start is 1190, and the page says 1,191"),
    (replaced(PAGE, "| 1,200 |", "| more than 1,200 |"), "`windows.closed` of the solution is 1200"),
    (replaced(PAGE, "| `windows.closed`", "| `windows.shut`"), "has no figure `windows.shut`"),
    (replaced(PAGE, "because `windows.closed == 1200`", "because `readings.lost == 0`"), "and the page names ['readings.lost == 0']"),
    (replaced("start.yaml", "windows.closed == 1200", "windows.closed == 1190"), "start.yaml ends with 0, and not with 1"),
    (replaced("solution.yaml", "windows.closed == 1200", "windows.closed == 1201"), "solution.yaml ends with 1, and not with 0"),
    (replaced("start.yaml", "readings.lost == 0", "readings.lost == 1"), "fails on ['readings.lost == 1', 'windows.closed == 1200']"),
    (replaced("start.yaml", "out_of_orderness: 30s", "out_of_orderness: 30"), "start.yaml ends with 64"),
    # A section that pages of runs can have, and this run has nothing for.
    (replaced(PAGE, "*Was anything lost?*", "*Which size, at what cost?*"), NO_SECTION),
    (copied("start.yaml", "solution.yaml"), "solution.yaml ends with 1, and not with 0"),
    (lambda folder: os.remove(f"{folder}/solution.yaml"), "there is no solution.yaml"),
    (replaced("../README.md", "01-the-way-of-a-reading/README.md) | 10 |", "01-the-way-of-a-reading/README.md) | 11 |"), "with 10 minutes"),
    (replaced("../README.md", "](for-teachers.md)", "](for-teacher.md)"), "README.md: the link for-teacher.md"),
    (replaced("../for-teachers.md", "](README.md)", "](README.me)"), "for-teachers.md: the link README.me"),
]
