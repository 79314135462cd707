"""What `report.html` is held to."""
import io
import unicodedata

from pypdf import PdfReader

from looks import keyboard, page
from looks.browser import WIDTHS

# A4 between margins of a centimetre, in CSS pixels.
PAPER = {"width": 718, "height": 1047}
MARGIN = "38px"


def one_request(view):
    """The page is one file, and asks for nothing."""
    if len(view.requests) != 1:
        yield f"there were {len(view.requests)} requests: {', '.join(view.requests)}"


def nothing_failed(view):
    """What was asked for came, or was not asked for."""
    yield from (f"{url} could not be had" for url in view.failed)


def pointing(view):
    """What is under the pointer stands in the line below the picture."""
    pictures = view.page.locator("figure.picture").all()
    if not pictures:
        yield "there is no picture"
    for picture in pictures:
        marks = picture.locator("svg > * > * > title, svg > * > title")
        line = picture.locator(".pointed")
        if not marks.count() or not line.count():
            continue
        mark = marks.last
        wanted = mark.text_content()
        # The pointer is put onto the very mark: others may lie over its middle.
        mark.locator("xpath=..").dispatch_event("pointerover", {"bubbles": True})
        if line.text_content() != wanted:
            yield f"under the pointer is “{wanted[:40]}”, and the line says “{line.text_content()[:40]}”"


PARTS = """() => ({
  links: Array.from(document.querySelectorAll('nav a')).map(one => one.getAttribute('href').slice(1)),
  sections: Array.from(document.querySelectorAll('main > section')).map(one => one.id),
  tables: Object.fromEntries(Array.from(document.querySelectorAll('table')).map(one => [one.id, one.tBodies[0].rows.length])),
  pictures: document.querySelectorAll('figure svg').length
})"""


def complete_without_script(browser, url, **route):
    """Without JavaScript there is all that there is with it: sections, pictures, and every row of every table."""
    with browser.view(url, **route) as view:
        whole = view.page.evaluate(PARTS)
    with browser.view(url, java_script_enabled=False, **route) as view:
        yield from view.errors
        main = view.page.locator("main")
        for section in whole["links"]:
            found = main.locator(f"section[id='{section}']")
            if found.count() != 1 or not found.is_visible() or not found.locator("h2").is_visible():
                yield f"the section “{section}” is not there without JavaScript"
        if main.locator("section").count() != len(whole["sections"]):
            yield f"there are {main.locator('section').count()} sections without JavaScript, and {len(whole['sections'])} with it"
        for picture in main.locator("figure svg").all():
            box = picture.bounding_box()
            if not box or box["width"] < 200 or box["height"] < 40:
                yield f"the picture “{picture.locator('title').first.text_content()}” is not seen without JavaScript"
        if main.locator("figure svg").count() != whole["pictures"]:
            yield f"there are {main.locator('figure svg').count()} pictures without JavaScript, and {whole['pictures']} with it"
        for summary in main.locator("summary").all():
            summary.focus()
            view.page.keyboard.press("Enter")
        for table, rows in whole["tables"].items():
            found = main.locator(f"table[id='{table}'] tbody tr")
            if found.count() != rows or not all(found.nth(place).is_visible() for place in {0, rows - 1} if rows):
                yield f"of the table “{table}” {found.count()} of {rows} rows are seen without JavaScript"


def offline(browser, url):
    """Without a network it is the same page."""
    with browser.view(url, is_offline=True) as view:
        yield from view.errors
        yield from nothing_failed(view)
        if not view.page.locator("main > section").count():
            yield "there is no section without a network"


def bare(text):
    """Letters and digits alone: neither where a line of a printed page breaks nor a ligature matters."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text) if letter.isalnum())


def printing(browser, url):
    """On paper there is everything, nothing is folded, nothing is wider than the paper, and no picture is cut."""
    with browser.view(url, width=PAPER["width"], height=PAPER["height"], scheme="dark") as view:
        view.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        view.page.emulate_media(media="print")
        if view.page.locator("details:not([open])").count():
            yield "something is folded on paper"
        # A title stands in the list of sections and above its section.
        titles = view.page.locator("h2").all_text_contents()
        folded = view.page.locator("details tbody tr:first-child > *:first-child").all_text_contents()
        for finding in view.page.evaluate(page.LAYOUT):
            yield f"on paper {finding}"
        for tall in view.page.evaluate("""height => Array.from(document.querySelectorAll('figure')).flatMap(one => {
          const title = one.querySelector('title') ? one.querySelector('title').textContent : '';
          const found = [];
          if (one.getBoundingClientRect().height > height) found.push(`the picture “${title}” is higher than the paper`);
          if (getComputedStyle(one).breakInside !== 'avoid') found.push(`the picture “${title}” may be cut by the end of a page`);
          return found;
        })""", PAPER["height"]):
            yield tall
        for left in view.page.locator("input, .pointed").all():
            if left.is_visible():
                yield "there is on paper what only a screen can use"
                break
        white = view.page.evaluate("getComputedStyle(document.body).backgroundColor")
        if white not in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"):
            yield f"the paper is {white}"
        view.page.evaluate("dispatchEvent(new Event('afterprint'))")
        printed = view.page.pdf(format="A4", margin={side: MARGIN for side in ("top", "bottom", "left", "right")}, print_background=True)
        pages = PdfReader(io.BytesIO(printed)).pages
        text = bare("".join(one.extract_text() for one in pages))
        if len(pages) < 2:
            yield f"it is printed on {len(pages)} pages"
        for wanted, times in [(title, 2) for title in titles] + [(name, 1) for name in folded]:
            if text.count(bare(wanted)) < times:
                yield f"“{wanted}” is {text.count(bare(wanted))} times on paper, and not {times} times"


def look(ledger, browser, name, url):
    """All of it, at both widths, light and dark."""
    with browser.views(url) as views:
        for view in views:
            place = f"{name}, {view.name}"
            ledger.note(f"{place}: one request", one_request(view))
            ledger.note(f"{place}: light or dark as the browser is", page.scheme(view))
            ledger.note(f"{place}: nothing is cut, overlapping or wider than the page", page.layout(view))
            ledger.note(f"{place}: axe finds no violation", page.accessibility(view))
            ledger.note(f"{place}: the console is silent", page.console(view))
        ledger.note(f"{name}: names are text", page.names_are_text(views[0]))
    for width in WIDTHS:
        with browser.view(url, width) as view:
            place = f"{name}, {width} px, keyboard alone"
            ledger.note(f"{place}: every control is reached, and one sees where one is", keyboard.reach(view))
            ledger.note(f"{place}: links lead to their sections", keyboard.following(view))
            ledger.note(f"{place}: what is folded opens and closes", keyboard.folding(view))
            ledger.note(f"{place}: what is wide moves", keyboard.moving(view))
            ledger.note(f"{place}: tables are sorted", keyboard.sorting(view))
            ledger.note(f"{place}: tables are filtered", keyboard.filtering(view))
            ledger.note(f"{name}, {width} px: what is under the pointer is said", pointing(view))
            ledger.note(f"{name}, {width} px: the console is silent after all of it", page.console(view))
    with browser.view(url, reduced_motion="reduce") as view:
        ledger.note(f"{name}: nothing moves where nothing is to", page.still(view))
        ledger.note(f"{name}: no script but its own runs", page.policy(view))
    ledger.note(f"{name}: complete without JavaScript", complete_without_script(browser, url))
    ledger.note(f"{name}: complete without a network", offline(browser, url))
    ledger.note(f"{name}: printed", printing(browser, url))
