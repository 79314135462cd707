"""Damages pages in the smallest way, and demands that the check finds it."""
import contextlib
import os
import signal

from looks import damages, live
from looks.browser import PATIENCE
from looks.names import address
from looks.runs import RunFault, WatchedRun, run

# How long a damaged page is waited for, in milliseconds: what does not come has to be found missing.
SHORT = 8_000


class Damages:
    """How many there were, and how many were not found."""

    def __init__(self):
        self.looked, self.missed = 0, 0

    def note(self, what, findings, demanded):
        """Prints a damage. With nothing demanded there must be no finding."""
        found = not findings if demanded is None else any(demanded in finding for finding in findings)
        self.looked += 1
        self.missed += not found
        print(f"{'ok   ' if found else 'WRONG'} {what}", flush=True)
        if not found:
            for finding in findings or ["no finding"]:
                print(f"      {finding}", flush=True)


def self_test(browser, sonde, home, root):
    """True where every damage was found."""
    noted = Damages()
    run(sonde, f"{home}/hostile.yaml", f"{root}/run", 1)
    of_report(noted, browser, f"{root}/run/report.html", root)
    of_live(noted, browser, sonde, f"{home}/watched.yaml", f"{root}/watched")
    print(f"{noted.looked} damages, {noted.missed} not found" if noted.missed else f"{noted.looked} damages, all found")
    return noted.missed == 0


def of_report(noted, browser, report, root):
    with open(report, encoding="utf-8") as file:
        intact = damages.without_policy(file.read())
    path = os.path.join(root, "damaged.html")

    def findings(check, source):
        with open(path, "w", encoding="utf-8") as file:
            file.write(source)
        return check(browser, address(path))

    looked = set()
    for what, check, damage, demanded in damages.REPORT:
        if check not in looked and what != damages.NO_POLICY:
            looked.add(check)
            noted.note(f"nothing is damaged, and nothing is found: before “{what}”", findings(check, intact), None)
        damaged = damage(intact)
        if damaged == intact and what != damages.NO_POLICY:
            raise RunFault(f"“{what}”: the report has nothing to damage")
        noted.note(what, findings(check, damaged), demanded)


def serving(damage):
    """Answers with the live page, damaged, and lets any script of it run."""
    def answer(route):
        response = route.fetch()
        headers = {name: value for name, value in response.headers.items() if name not in ("content-security-policy", "content-length")}
        route.fulfill(status=response.status, headers=headers, body=damage(response.text()))
    return lambda url: url.endswith("/"), answer


def of_live(noted, browser, sonde, scenario, folder):
    with WatchedRun(sonde, scenario, folder) as watched, contextlib.ExitStack() as stack:
        url = watched.wait_for_address()
        sound = stack.enter_context(browser.view(url))
        source = sound.page.context.request.get(url).text()
        for what, damage in [(what, damage) for what, check, damage, demanded in damages.LIVE + damages.ENDED] + [(what, damage) for what, damage, demanded in damages.LATE]:
            if damage(source) == source:
                raise RunFault(f"“{what}”: the live page has nothing to damage")
        noted.note("nothing is damaged: the page shows the run", list(live.goes_on(sound, PATIENCE)) + list(live.changes(sound, PATIENCE)), None)
        for what, check, damage, demanded in damages.LIVE:
            with browser.view(url, route=serving(damage)) as view:
                view.page.locator("#cells, body").first.wait_for()
                # What is damaged is looked for when the page has heard of the run.
                for _ in live.waited("the page", SHORT, live.has_text(view, "#link", live.CONNECTED)):
                    pass
                noted.note(what, list(check(view, SHORT)), demanded)
        ended = [(what, check, demanded, stack.enter_context(browser.view(url, route=serving(damage)))) for what, check, damage, demanded in damages.ENDED]
        for *_, view in ended:
            view.page.locator("#cells li").first.wait_for()
        watched.end(130, by=signal.SIGINT)
        noted.note("nothing is damaged: the page says that the run has ended", list(live.has_ended(sound, PATIENCE)) + list(live.asks_no_more(sound)), None)
        for what, check, demanded, view in ended:
            if check is not live.has_ended:
                list(live.has_ended(view, PATIENCE))
            noted.note(what, list(check(view, SHORT)), demanded)
        noted.note("nothing is damaged: who comes late sees the whole", list(live.late(browser, url, sound)), None)
        for what, damage, demanded in damages.LATE:
            noted.note(what, list(live.late(browser, url, sound, SHORT, route=serving(damage))), demanded)
        noted.note("nothing is damaged: the link leads to the report", list(live.leads_to_report(sound)), None)
