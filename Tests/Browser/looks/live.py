"""What the live page of a run is held to, while the run goes on and after it."""
import contextlib
import re
import signal

from playwright.sync_api import Error, TimeoutError, expect

from looks import keyboard, page
from looks.browser import PATIENCE, WIDTHS
from looks.runs import View, WatchedRun

# Where the page may lead to.
LINKS = ("/report.html", "data:,")
# The stream of a page comes again after two seconds; so long it is watched whether it does.
SILENCE = 5_000
CONNECTED = re.compile("^Connected")
ENDED = "The run has ended, and this is its last state"


def waited(subject, patience, *conditions):
    """Waits for conditions in turn; a finding where one does not come to be."""
    for condition in conditions:
        try:
            condition(patience)
        except (AssertionError, TimeoutError) as fault:
            yield f"{subject}: {str(fault).strip().splitlines()[0]}"
            return


def has_text(view, selector, text):
    return lambda patience: expect(view.page.locator(selector)).to_have_text(text, timeout=patience)


def is_there(view, selector, place=0):
    return lambda patience: view.page.locator(selector).nth(place).wait_for(timeout=patience)


def figure(view, name):
    box = view.page.locator("#figures div").filter(has=view.page.locator("dt").get_by_text(name, exact=True))
    return box.locator("dd")


def goes_on(view, patience=PATIENCE):
    """The page says that the run goes on, and has devices, jobs and faults of it."""
    yield from waited(
        "the page of a run that goes on", patience,
        has_text(view, "#verdict", re.compile("^Running: ")), has_text(view, "#link", CONNECTED), is_there(view, "#cells li", 19),
        is_there(view, "#jobs tbody tr"), is_there(view, "#faults tbody tr", 2), has_text(view, "#faults", re.compile("kill -9")),
        has_text(view, "#faults", re.compile("SIGSTOP")), is_there(view, "#parts tbody tr"))


def changes(view, patience=PATIENCE):
    """Its figures change with the run."""
    stored = figure(view, "Messages stored")
    before = stored.text_content(timeout=patience)
    yield from waited("messages stored", patience, lambda patience: expect(stored).not_to_have_text(before, timeout=patience))


def has_ended(view, patience=PATIENCE, verdict=re.compile(".")):
    """The page says how the run came out, and leads to its report."""
    yield from waited(
        "the page of a run that has ended", patience,
        has_text(view, "#verdict", verdict), is_there(view, "#report a"), has_text(view, "#link", ENDED))


def asks_no_more(view):
    """After the end the stream is closed, and nothing is asked for again."""
    streams = [url for url in view.requests if url.endswith("/events")]
    closed = [url for url in view.finished + view.failed if url.endswith("/events")]
    if len(streams) != 1 or len(closed) != 1:
        yield f"{len(streams)} streams were opened, and {len(closed)} are closed"
    before = len(view.requests)
    view.page.wait_for_timeout(SILENCE)
    if len(view.requests) > before:
        yield f"it went on to ask for {', '.join(view.requests[before:])}"


def two_requests(view):
    """The page is one file and one stream."""
    asked = sorted(re.sub(r"^http://[^/]+", "", url) for url in view.requests)
    if asked != ["/", "/events"]:
        yield f"it asked for {', '.join(asked)}"


def late(browser, address, early, patience=PATIENCE, **route):
    """Who comes after the end sees what those see who were there all the time."""
    with browser.view(address, early.width, early.scheme, **route) as view:
        found = list(waited("who comes late", patience, is_there(view, "#report a"), has_text(view, "#link", ENDED)))
        yield from found
        if found:
            return
        for place in ("#verdict", "#figures", "#courses", "#cells", "#faults", "#jobs", "#nodes"):
            sees, saw = (one.page.locator(place).text_content() for one in (view, early))
            if sees != saw:
                yield f"who comes late sees in {place} “{sees[:120]}”, and who was there saw “{saw[:120]}”"
        for curve in view.page.locator("#courses path.curve").all():
            if not curve.get_attribute("d"):
                yield "who comes late does not see the course of the run"
        yield from view.errors


def leads_to_report(view, patience=PATIENCE):
    """The link is followed with the keyboard, and the report is there, in one request."""
    before = len(view.requests)
    link = view.page.locator("#report a")
    link.focus()
    view.page.keyboard.press("Enter")
    try:
        view.page.locator("main > section h2").first.wait_for(timeout=patience)
    except Error as fault:
        yield f"there is no report: {str(fault).splitlines()[0]}"
        return
    if not view.page.url.endswith("/report.html"):
        yield f"the link leads to {view.page.url}"
    if len(view.requests) != before + 1:
        yield f"the report took {len(view.requests) - before} requests"
    yield from view.errors


def server_goes(browser, sonde, folder):
    """Where the page's server goes, the page says so, and keeps what it has."""
    with View(sonde, folder) as program, browser.view(program.wait_for_address()) as view:
        yield from waited("another process that shows the run", PATIENCE, has_text(view, "#link", CONNECTED), is_there(view, "#cells li", 19))
        program.process.terminate()
        yield from waited("a page without its server", PATIENCE, has_text(view, "#link", re.compile("connection is lost|server has gone")))
        if view.page.locator("#cells li").count() < 20:
            yield "a page without its server forgets what it has shown"


def without_script(browser, address):
    """Without JavaScript the page says what to read instead."""
    with browser.view(address, java_script_enabled=False) as view:
        if not view.page.locator("noscript p").is_visible() or "report.html" not in view.page.locator("noscript p").text_content():
            yield "without JavaScript the page does not say what to read"


def appearance(ledger, name, views):
    """How the page looks, and what axe says of it."""
    for view in views:
        place = f"{name}, {view.name}"
        ledger.note(f"{place}: light or dark as the browser is", page.scheme(view))
        ledger.note(f"{place}: nothing is cut, overlapping or wider than the page", page.layout(view))
        ledger.note(f"{place}: axe finds no violation", page.accessibility(view))


def look(ledger, browser, sonde, scenario, folder):
    """All of it, with a run that goes on until it has been looked at, and four who watch it at the same time."""
    with WatchedRun(sonde, scenario, folder) as run, contextlib.ExitStack() as stack:
        address = run.wait_for_address()
        views = stack.enter_context(browser.views(address))
        for view in views:
            ledger.note(f"live page, {view.name}: it shows the run", goes_on(view))
        appearance(ledger, "live page", views)
        for view in views:
            ledger.note(f"live page, {view.name}: it changes with the run", changes(view))
        ledger.note("live page: names are text", page.names_are_text(views[0], LINKS))
        ledger.note("live page: no script but its own runs", page.policy(views[0]))
        with browser.view(address, WIDTHS[1], reduced_motion="reduce") as view:
            ledger.note("live page, 390 px, keyboard alone: it shows the run", goes_on(view))
            ledger.note("live page, 390 px, keyboard alone: every control is reached, and one sees where one is", keyboard.reach(view))
            ledger.note("live page: nothing moves where nothing is to", page.still(view))
        ledger.note("live page: it says that JavaScript is off", without_script(browser, address))
        ledger.note("live page: it says that its server has gone", server_goes(browser, sonde, folder))
        for view in views:
            ledger.note(f"live page, {view.name}: one page and one stream", two_requests(view))
        run.end(130, by=signal.SIGINT)
        for view in views:
            ledger.note(f"live page after the run, {view.name}: it says so, and leads to the report", has_ended(view))
        appearance(ledger, "live page after the run", views)
        for width in WIDTHS:
            with browser.view(address, width) as view:
                ledger.note(f"live page after the run, {width} px: it is there for others", has_ended(view))
                ledger.note(f"live page after the run, {width} px, keyboard alone: every control is reached", keyboard.reach(view))
        for view in views[:1]:
            ledger.note("live page after the run: the stream is closed", asks_no_more(view))
        for view in views:
            ledger.note(f"live page after the run, {view.name}: who comes late sees the whole", late(browser, address, view))
            ledger.note(f"live page after the run, {view.name}: the console is silent", page.console(view))
        ledger.note("live page after the run: the link leads to the report", leads_to_report(views[0]))
