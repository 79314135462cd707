"""The smallest damage that each check has to find."""
import re

from looks import keyboard, live, page, report


def style(text):
    """Puts rules at the end of the page's own."""
    return before("</style></head>", text)


def before(mark, text):
    return lambda source: source.replace(mark, text + mark, 1)


def instead(old, new):
    return lambda source: source.replace(old, new, 1)


def by(pattern, new):
    return lambda source: re.sub(pattern, new, source, count=1, flags=re.S)


def both(first, second):
    return lambda source: second(first(source))


def of_view(check, **options):
    """A check of one page in a window."""
    def run(browser, url):
        with browser.view(url, **options) as view:
            return list(check(view))
    return run


def of_address(check):
    """A check that opens the page itself."""
    return lambda browser, url: list(check(browser, url))


# All damaged pages have none.
NO_POLICY = "there is no policy of what may run"
LAYOUT = of_view(page.layout)
AXE = of_view(page.accessibility)
REACH = of_view(keyboard.reach)
PRINTING = of_address(report.printing)
WITHOUT_SCRIPT = of_address(report.complete_without_script)

# Of the report: what was damaged, the check, the damage, and what the finding has to say.
REPORT = [
    ("an element is wider than the page", LAYOUT, style("h2{width:3000px}"), "wide in a window"),
    ("an element is wider than a telephone", of_view(page.layout, width=390), style("footer{min-width:400px}"), "wide in a window of 390"),
    ("an element begins left of the page", LAYOUT, style("h2{margin-left:-300px}"), "reaches from -"),
    ("a text is cut", LAYOUT, style("h2{white-space:nowrap;overflow:hidden;width:60px}"), "is cut"),
    ("a text is cut at its foot", LAYOUT, style("section>.topic{overflow:hidden;height:9px}"), "is cut"),
    ("a text lies over another", LAYOUT, style("h2{margin-top:-20px}"), "lie over each other"),
    ("a text of a picture leaves it", LAYOUT, by(r"<text x=\"[\d.]+\"", "<text x=\"700\""), "leaves its picture"),
    ("letters are too small", LAYOUT, style("figcaption,caption{font-size:8px}"), "px high"),
    ("an image has no text", AXE, before("<main>", "<img src=\"data:image/gif;base64,R0lGODlhAQABAAAAACw=\" width=\"9\" height=\"9\">"), "image-alt"),
    ("a text is pale", AXE, style("h2{color:#aaa}"), "color-contrast"),
    ("a text is pale in the dark", of_view(page.accessibility, scheme="dark"), style("@media (prefers-color-scheme:dark){h2{color:#333}}"), "color-contrast"),
    ("a picture has no name", AXE, by(r"(<svg [^>]*?) aria-labelledby=\"[^\"]*\"([^>]*>)\s*<title[^>]*>.*?</title>", r"\1\2"), "svg-img-alt"),
    ("a field has no name", AXE, before("<main>", "<input>"), "label"),
    ("the console says an error", of_view(page.console), before("</body>", "<script>console.error('oh')</script>"), "oh"),
    ("the console says a warning", of_view(page.console), before("</body>", "<script>console.warn('hm')</script>"), "hm"),
    ("a script breaks off", of_view(page.console), before("</body>", "<script>undefined.x</script>"), "exception"),
    ("the page asks for one file more", of_view(report.one_request), before("</body>", "<img alt=\"\" src=\"other.png\">"), "2 requests"),
    ("the page asks for a style sheet of another machine", of_address(report.offline), before("</head>", "<link rel=\"stylesheet\" href=\"http://192.0.2.1/a.css\">"), "192.0.2.1"),
    ("the page is dark for everybody", of_view(page.scheme), style("body{background:#0d1117}"), "white where the browser is light"),
    ("the page stays white in the dark", of_view(page.scheme, scheme="dark"), style("body{background:#fff}"), "white where the browser is dark"),
    ("something moves", of_view(page.still, reduced_motion="reduce"), style("@keyframes k{to{opacity:.5}}h1{animation:k 9s infinite}"), "an animation"),
    ("something fades", of_view(page.still, reduced_motion="reduce"), style("a{transition:color 1s}"), "a transition"),
    (NO_POLICY, of_view(page.policy), lambda source: source, "not the page's own"),
    ("a name became a script", of_view(page.names_are_text), before("</h1>", "<script>window.xss=1</script>"), "has run as a script"),
    ("a name became an image", of_view(page.names_are_text), before("</h1>", "<img src=x onerror=\"window.xss=1\">"), "has the attribute onerror"),
    ("a name became a link", of_view(page.names_are_text), before("</h1>", "<a href=\"javascript:window.xss=1\">x</a>"), "leads to javascript:"),
    ("two elements have one id", of_view(page.names_are_text), before("</h1>", "<i id=\"why\"></i>"), "have the id “why”"),
    ("the focus is not seen", REACH, style(":focus-visible{outline:none}"), "nothing shows it"),
    ("the focus is hardly seen", REACH, style(":focus-visible{outline-color:#ddd}"), "a contrast of"),
    ("a link cannot be reached", REACH, instead("<a href=\"#why\"", "<a tabindex=\"-1\" href=\"#why\""), "never comes to <a>"),
    ("a head of a column cannot be reached", REACH, instead("button.type = \"button\";", "button.type = \"button\"; button.tabIndex = -1;"), "never comes to <button>"),
    ("the focus jumps", REACH, instead("<a href=\"#why\"", "<a tabindex=\"1\" href=\"#why\""), "comes before what stands above it"),
    ("the focus is off the screen", REACH, style("a[href='#why']{position:fixed;top:-900px}"), "is not on the screen"),
    ("a link leads nowhere", of_view(keyboard.following), instead("<section id=\"why\"", "<section id=\"whyever\""), "which is not there"),
    ("what is folded does not open", of_view(keyboard.folding), before("</body>", "<script>document.querySelector('summary').addEventListener('click', event => event.preventDefault())</script>"), "does not open"),
    ("what is wide does not move", of_view(keyboard.moving, width=390), style(".scroll{overflow-x:hidden}"), "does not move"),
    ("tables are sorted the wrong way", of_view(keyboard.sorting), instead("return isUp ? order : -order", "return isUp ? -order : order"), "is not how its rows stand"),
    ("tables are not sorted", of_view(keyboard.sorting), instead("sort(table, column); });", "});"), "makes it nothing"),
    ("a table loses a row when it is sorted", of_view(keyboard.sorting), instead("rows.forEach(function (entry) { body.appendChild(entry.row); });", "rows.forEach(function (entry) { body.appendChild(entry.row); }); body.lastChild.remove();"), "is not how its rows stand"),
    ("the field hides the wrong rows", of_view(keyboard.filtering), instead("indexOf(wanted) < 0", "indexOf(wanted) > 0"), "leaves"),
    ("the field miscounts", of_view(keyboard.filtering), instead("shown + \" of \"", "1 + shown + \" of \""), "the field says"),
    ("what is under the pointer is not said", of_view(report.pointing), instead("line.textContent = title.textContent", "line.textContent = ''"), "under the pointer is"),
    ("a section is there with JavaScript alone", WITHOUT_SCRIPT, both(instead("<section id=\"why\"", "<section hidden id=\"why\""), before("</body>", "<script>document.getElementById('why').hidden = false</script>")), "is not there without JavaScript"),
    ("a row is there with JavaScript alone", WITHOUT_SCRIPT, before("</body>", "<script>(body => body.append(body.rows[0].cloneNode(true)))(document.querySelector('tbody'))</script>"), "rows are seen without JavaScript"),
    ("a picture is there with JavaScript alone", WITHOUT_SCRIPT, both(instead("<figure class=\"picture\"", "<figure hidden class=\"picture\""), before("</body>", "<script>document.querySelector('figure[hidden]').hidden = false</script>")), "is not seen without JavaScript"),
    ("a picture may be cut by the end of a page", PRINTING, instead("figure,tr{break-inside:avoid}", "tr{break-inside:avoid}"), "may be cut"),
    ("a picture is higher than the paper", PRINTING, style("@media print{figure{min-height:1200px}}"), "higher than the paper"),
    ("something is folded on paper", PRINTING, instead("addEventListener(\"beforeprint\"", "addEventListener(\"beforehand\""), "folded on paper"),
    ("a field is printed", PRINTING, instead(".filter,.pointed{display:none}", ""), "what only a screen can use"),
    ("a table is wider than the paper", PRINTING, style("@media print{table{min-width:60rem}}"), "on paper"),
    ("the paper is black", PRINTING, style("@media print{body{background:#000}}"), "the paper is rgb(0, 0, 0)"),
    ("a section is not printed", PRINTING, style("@media print{section:last-of-type h2{display:none}}"), "is 1 times on paper"),
]


def without_policy(source):
    """A page whose scripts and styles may be changed."""
    return re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", source, count=1)


# Of the live page, while the run goes on: what was damaged, the check, the damage, and what the finding has to say.
LIVE = [
    ("the page never says that the run goes on", live.goes_on, instead("'Running: ' + s.phase", "'Hm'"), "a run that goes on"),
    ("the page shows no device", live.goes_on, instead("list.append(item);", ""), "a run that goes on"),
    ("the page shows no fault", live.goes_on, instead("show(byId('s-faults'), s.faults", "return; show(byId('s-faults'), s.faults"), "a run that goes on"),
    ("the page does not change with the run", live.changes, instead("const s = next, p", "if (drawState.is) return; drawState.is = true; const s = next, p"), "messages stored"),
    ("the page asks for one file more", lambda view, patience: live.two_requests(view), before("</body>", "<img alt=\"\" src=\"/charts/other.svg\">"), "it asked for"),
    ("a name became an element", lambda view, patience: page.names_are_text(view, live.LINKS), instead("put(byId('scenario'), s.scenario)", "byId('scenario').innerHTML = '<img src=x onerror=\"window.xss=1\">'"), "has the attribute onerror"),
]
# After it.
ENDED = [
    ("the page does not say that the run has ended", live.has_ended, instead("'The run has ended, and this is its last state'", "'Hm'"), "a run that has ended"),
    ("the page does not lead to the report", live.has_ended, instead("show(byId('report'), !!(end && end.report))", ""), "a run that has ended"),
    ("the link leads elsewhere", live.leads_to_report, instead("href=\"/report.html\"", "href=\"/state.json\""), "there is no report"),
    ("the stream is asked for again", lambda view, patience: live.asks_no_more(view), by(r"if \(source\) source\.close\(\);\s+drawState\(whole\)", "setTimeout(receive, 100); drawState(whole)"), "streams were opened"),
]
# What is served to one who comes late.
LATE = [
    ("who comes late does not see the course", instead("points = all.history.points;", "points = [];"), "who comes late"),
    ("who comes late does not see the devices", instead("drawDevices(all.devices);", ""), "in #cells"),
]
