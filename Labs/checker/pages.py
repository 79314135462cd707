"""What the page of a lab must have: sections, links, one command, one expectation that fails, one change."""
import difflib
import os
import re

HEADINGS = ["Objectives", "Predict", "Run", "Look", "Change one thing", "Hints", "Solution", "Key points"]
# The sections of a run's page, by the names that it lists them with.
SECTIONS = [
    "Verdict", "Was anything lost?", "Was it found?", "How good?", "Why?", "When was it known?", "How much came through?", "How long did it take?",
    "How fast is the scoring service?", "How much does it carry?", "How did the jobs go?", "Which size, at what cost?", "Where it is from"
]
FIGURES = "| figure of `report.json` | start | solution |"
NAMED = re.compile(r"^This run ends with exit code 1, because `([^`]+)` does not hold\.", re.M)


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def labs_in(folder):
    return sorted(name for name in os.listdir(folder) if re.match(r"\d\d-", name))


def anchors(path):
    """What can stand behind # in a link to a page, as GitHub makes it of headings."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text_of(path), flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def dead_links(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        path = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
        if not os.path.exists(path):
            yield f"the link {target} leads to nothing"
        elif anchor and anchor not in anchors(path):
            yield f"the link {target} leads to no heading of that page"


def sections_of(text):
    parts = re.split(r"^## (.+)$", text, flags=re.M)
    return list(zip(parts[1::2], parts[2::2]))


def table(text, header):
    """The rows below a header line, as lists of cells; None where there is no such table."""
    lines = text.split("\n")
    if header not in lines:
        return None
    rows = []
    for line in lines[lines.index(header) + 2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def changed_lines(folder):
    """What differs between start and solution: the lines that go, and those that come."""
    start, solution = (text_of(f"{folder}/{name}.yaml").split("\n") for name in ("start", "solution"))
    lines = [line for line in difflib.unified_diff(start, solution, n=0, lineterm="")][2:]
    return [line for line in lines if line.startswith(("-", "+"))]


def title_of(folder):
    match = re.match(r"# (\d\d · .+)\n", text_of(f"{folder}/README.md"))
    return match and match[1]


def minutes_of(folder):
    match = re.search(r"^\*\*(\d+) minutes\.\*\*", text_of(f"{folder}/README.md"), re.M)
    return match and match[1]


def page_findings(folder):
    """What is wrong with the page of a lab, without running anything."""
    name = os.path.basename(folder)
    for file in ("README.md", "start.yaml", "solution.yaml"):
        if not os.path.exists(f"{folder}/{file}"):
            yield f"there is no {file}"
            return
    text = text_of(f"{folder}/README.md")
    yield from dead_links(f"{folder}/README.md")
    title = title_of(folder)
    if not title or not title.startswith(name[:2]):
        yield f"the first line is not “# {name[:2]} · …”"
    if not minutes_of(folder):
        yield "there is no “**N minutes.**” below the title"
    sections = sections_of(text)
    found = [heading for heading, _ in sections]
    if found != HEADINGS:
        missing = [heading for heading in HEADINGS if heading not in found]
        yield f"the heading “{missing[0]}” is missing" if missing else f"the headings are {found}, not {HEADINGS}"
        return
    parts = dict(sections)
    if len(re.findall(r"^\|.*\|$", parts["Predict"], re.M)) < 5:
        yield "“Predict” has no table of three questions"
    command = f".build/release/sonde run Labs/{name}/start.yaml"
    commands = re.findall(r"^    (\S.*)$", parts["Run"], re.M)
    if commands != [command]:
        yield f"the one command of “Run” is not {command}"
    if len(NAMED.findall(text)) != 1 or not NAMED.search(parts["Run"]):
        yield "“Run” does not say which expectation fails: “This run ends with exit code 1, because `…` does not hold.”"
    pictures = re.findall(r"`report\.html`[^.]*section \*([^*]+)\*", parts["Look"])
    if len(pictures) != 1 or pictures[0] not in SECTIONS:
        yield f"“Look” does not name one section of report.html, out of {SECTIONS}"
    for heading in ("Hints", "Solution"):
        opened, closed = (parts[heading].count(tag) for tag in ("<details>\n<summary>", "</details>"))
        outside = re.sub(r"<details>.*?</details>", "", parts[heading], flags=re.S).strip()
        if not opened or opened != closed or outside:
            yield f"“{heading}” is not folded"
    if not re.search(r"^- ", parts["Key points"], re.M) or not re.search(r"^- ", parts["Objectives"], re.M):
        yield "objectives and key points are not lists"
    change = changed_lines(folder)
    if [line[0] for line in change] != ["-", "+"]:
        yield f"start and solution differ in {len(change)} lines, and not in one: {change}"
    if (re.search(r"```diff\n(.*?)\n```", parts["Solution"], re.S) or ["", ""])[1].split("\n") != change:
        yield "the change that “Solution” shows is not that of solution.yaml"
    if not table(parts["Solution"], FIGURES):
        yield f"“Solution” has no table “{FIGURES}”"


def list_findings(folder, labs):
    """What is wrong with the list of labs and with the page for teachers."""
    for page in ("README.md", "for-teachers.md"):
        for finding in dead_links(f"{folder}/{page}"):
            yield f"{page}: {finding}"
    rows = table(text_of(f"{folder}/README.md"), "| lab | minutes | what it is about |") or []
    stated = [row[:2] for row in rows]
    for lab in labs:
        row = [f"[{title_of(f'{folder}/{lab}')}]({lab}/README.md)", minutes_of(f"{folder}/{lab}")]
        if row not in stated:
            yield f"README.md: the list has no line “{row[0]}” with {row[1]} minutes"
    if len(stated) != len(labs):
        yield f"README.md: the list has {len(stated)} lines, and there are {len(labs)} labs"
