"""Chromium, and pages in it of which everything is noted: what the console says, and what is asked of the network."""
import contextlib
import os

from playwright.sync_api import sync_playwright

WIDTHS = (1280, 390)
SCHEMES = ("light", "dark")
HEIGHT = 900
# How long anything is waited for, in milliseconds: on a busy machine a second becomes a minute.
PATIENCE = 300_000


def script(name):
    """The text of a script beside this file."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), encoding="utf-8") as file:
        return file.read()


class View:
    """A page in a window of its own."""

    def __init__(self, page, width, scheme):
        self.page, self.width, self.scheme = page, width, scheme
        self.errors, self.requests, self.failed, self.finished = [], [], [], []
        page.on("console", lambda said: said.type in ("error", "warning") and self.errors.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: self.errors.append(f"exception: {error}"))
        page.on("request", lambda asked: asked.url.startswith("data:") or self.requests.append(asked.url))
        page.on("requestfailed", lambda asked: self.failed.append(asked.url))
        page.on("requestfinished", lambda asked: self.finished.append(asked.url))

    @property
    def name(self):
        return f"{self.width} px, {self.scheme}"

    def unfold(self):
        self.page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")


class Browser:
    """Debian's Chromium."""

    def __init__(self, playwright, program="/usr/bin/chromium"):
        # A container's root has no sandbox; the pages are our own.
        self.chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"], timeout=PATIENCE)

    @contextlib.contextmanager
    def view(self, url=None, width=WIDTHS[0], scheme=SCHEMES[0], route=None, **options):
        """A page; gone with the block.

        `route` is a pattern of addresses and what answers them; `is_offline` cuts the network before the page is asked for.
        """
        is_offline = options.pop("is_offline", False)
        height = options.pop("height", HEIGHT)
        context = self.chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **options)
        try:
            context.set_default_timeout(PATIENCE)
            context.set_default_navigation_timeout(PATIENCE)
            if is_offline:
                context.set_offline(True)
            view = View(context.new_page(), width, scheme)
            if route:
                view.page.route(*route)
            if url:
                view.page.goto(url)
            yield view
        finally:
            context.close()

    @contextlib.contextmanager
    def views(self, url):
        """The page at both widths, light and dark, at the same time."""
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(self.view(url, width, scheme)) for width in WIDTHS for scheme in SCHEMES]


@contextlib.contextmanager
def browser(program):
    with sync_playwright() as playwright:
        chromium = Browser(playwright, program)
        try:
            yield chromium
        finally:
            chromium.chromium.close()
