"""A page without a mouse."""

# Everything that can be pressed, filled in, opened or moved, in the order of the page. What has no place on the screen cannot be either.
CONTROLS = """() => Array.from(document.querySelectorAll('a[href], button, input, select, textarea, summary, div, ol, pre')).filter(one => {
  if (!one.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true })) return false;
  if (!['DIV', 'OL', 'PRE'].includes(one.tagName)) return true;
  const style = getComputedStyle(one);
  const moves = (flow, size, room) => /auto|scroll/.test(flow) && size > room;
  return moves(style.overflowX, one.scrollWidth, one.clientWidth) || moves(style.overflowY, one.scrollHeight, one.clientHeight);
})"""

# Where the focus is, and whether somebody sees it.
FOCUS = """controls => {
  const element = document.activeElement;
  if (!element || element === document.body || element === document.documentElement) return null;
  const parts = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = text => parts(text).slice(0, 3).map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const style = getComputedStyle(element);
  const paper = light(getComputedStyle(document.body).backgroundColor), line = light(style.outlineColor);
  const box = element.getBoundingClientRect();
  return {
    place: controls.indexOf(element),
    name: `<${element.localName}> “${(element.getAttribute('aria-label') || element.textContent).replace(/\\s+/g, ' ').trim().slice(0, 40)}”`,
    isOutlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    contrast: (Math.max(paper, line) + 0.05) / (Math.min(paper, line) + 0.05),
    isOnScreen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth
  };
}"""


def reach(view):
    """The tabulator key comes to every control, in the order of the page, and one sees where it is."""
    page = view.page
    controls = page.evaluate_handle(CONTROLS)
    count = controls.evaluate("controls => controls.length")
    names = controls.evaluate("controls => controls.map(one => `<${one.localName}> “${(one.getAttribute('aria-label') || one.textContent).replace(/\\s+/g, ' ').trim().slice(0, 40)}”`)")
    if count == 0:
        yield "there is nothing that can be reached"
    reached, last = set(), -1
    # Areas of the page that take the key without being a control are passed too.
    for _ in range(2 * count + 10):
        page.keyboard.press("Tab")
        focus = controls.evaluate(FOCUS)
        if focus is None or focus["place"] in reached:
            break
        if focus["place"] >= 0:
            if focus["place"] < last:
                yield f"{focus['name']} comes before what stands above it"
            last = focus["place"]
            reached.add(last)
        if not focus["isOutlined"]:
            yield f"{focus['name']} has the focus, and nothing shows it"
        elif focus["contrast"] < 3:
            yield f"{focus['name']} has an outline with a contrast of {focus['contrast']:.1f}"
        if not focus["isOnScreen"]:
            yield f"{focus['name']} has the focus, and is not on the screen"
    for place in range(count):
        if place not in reached:
            yield f"the key never comes to {names[place]}"


# The values of a column as the page sorts them: numbers by their exact value.
COLUMN = """([table, column]) => Array.from(table.tBodies[0].rows).map(row => {
  const value = row.cells[column].getAttribute('data-value');
  return value === null ? row.cells[column].textContent.trim() : Number(value);
})"""
ORDER = """([values, isUp]) => values.every((value, i) => {
  if (i === 0) return true;
  const before = values[i - 1];
  if (typeof before !== typeof value) return typeof before === 'number';
  const order = typeof value === 'number' ? before - value : before.localeCompare(value, 'en', { numeric: true });
  return isUp ? order <= 0 : order >= 0;
})"""


def sorting(view):
    """The head of a column sorts the table with Enter, and the other way with the space bar."""
    page, tables = view.page, 0
    view.unfold()
    for table in page.locator("table").all():
        buttons = table.locator("thead th button").all()
        if not buttons:
            continue
        tables += 1
        caption = table.locator("caption").text_content()
        rows = table.locator("tbody tr").count()
        # The last column is mostly of numbers, the first of names.
        for column in {0, len(buttons) - 1}:
            buttons[column].focus()
            for key, wanted in (("Enter", "ascending"), ("Space", "descending")):
                page.keyboard.press(key)
                said = table.locator("thead th").nth(column).get_attribute("aria-sort")
                values = page.evaluate(COLUMN, [table.element_handle(), column])
                if said != wanted:
                    yield f"table “{caption}”, column {column + 1}: {key} makes it {said or 'nothing'}, not {wanted}"
                elif len(values) != rows or not page.evaluate(ORDER, [values, wanted == "ascending"]):
                    yield f"table “{caption}”, column {column + 1}: {wanted} is not how its rows stand"
    if tables == 0:
        yield "no table can be sorted"


def filtering(view):
    """The field above a long table leaves the rows with a text, and says how many."""
    page = view.page
    view.unfold()
    fields = page.locator(".filter input").all()
    if not fields:
        yield "no table can be filtered"
    for field in fields:
        bar = field.locator("xpath=ancestor::*[contains(concat(' ', @class, ' '), ' filter ')]")
        rows = bar.locator("xpath=following-sibling::*").first.locator("tbody tr")
        texts = rows.all_text_contents()
        wanted = texts[-1].strip()[:12].lower()
        field.focus()
        page.keyboard.type(wanted)
        due = sum(wanted in text.lower() for text in texts)
        shown = sum(row.is_visible() for row in rows.all())
        if shown != due:
            yield f"“{wanted}” leaves {shown} rows of a table, and {due} have it"
        if bar.locator("[role=status]").text_content() != f"{due} of {len(texts)} rows":
            yield f"the field says “{bar.locator('[role=status]').text_content()}” of {due} rows"
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")
        if not all(row.is_visible() for row in rows.all()):
            yield "an empty field does not bring the rows back"


def folding(view):
    """What is folded opens with Enter and closes with the space bar."""
    page = view.page
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = false; })")
    all_details = page.locator("details").all()
    if not all_details:
        yield "nothing is folded"
    for details in all_details:
        summary = details.locator("summary")
        content = details.locator(":scope > *:not(summary)").last
        if not summary.count() or not content.count():
            yield "there is something folded without a title or without anything in it"
            continue
        summary.focus()
        page.keyboard.press("Enter")
        if not content.is_visible():
            yield f"“{summary.text_content()}” does not open"
        page.keyboard.press("Space")
        if content.is_visible():
            yield f"“{summary.text_content()}” does not close"


def following(view):
    """Each link of the list of sections leads to its section."""
    page = view.page
    links = page.locator("nav a").all()
    if not links:
        yield "there is no list of sections"
    for link in links:
        target = link.get_attribute("href")
        link.focus()
        page.keyboard.press("Enter")
        section = page.locator(target) if target.startswith("#") else None
        if section is None or section.count() != 1:
            yield f"“{link.text_content()}” leads to {target}, which is not there"
        elif not section.evaluate("one => { const box = one.getBoundingClientRect(); return box.top < innerHeight && box.bottom > 0; }"):
            yield f"“{link.text_content()}” does not show its section"


def moving(view):
    """What is wider than the screen moves with the arrow keys."""
    for area in view.page.locator(".scroll").all():
        if not area.is_visible() or area.evaluate("one => one.scrollWidth - one.clientWidth < 8"):
            continue
        area.focus()
        view.page.keyboard.press("ArrowRight")
        # It may move smoothly.
        moved = area.evaluate("""one => new Promise(done => {
          let patience = 600;
          const look = () => one.scrollLeft > 0 || --patience === 0 ? done(one.scrollLeft > 0) : requestAnimationFrame(look);
          look();
        })""")
        if not moved:
            yield f"the area “{area.get_attribute('aria-label')}” does not move"
        return
