"""What every page is held to. Each check gives its findings as sentences; none is as it should be."""
from axe_playwright_python.sync_playwright import Axe

from looks.browser import script

LAYOUT = script("layout.js")
SHAPE = script("shape.js")


def layout(view):
    """Nothing is wider than the page, cut, over something else, or too small; with everything unfolded."""
    view.unfold()
    yield from view.page.evaluate(LAYOUT)


def accessibility(view):
    """axe finds no violation."""
    for violation in Axe().run(view.page).response["violations"]:
        places = "; ".join(str(node["target"][0]) for node in violation["nodes"][:3])
        yield f"axe, {violation['id']}: {violation['help']}: {places}"


def console(view):
    """The console says nothing."""
    yield from view.errors


def scheme(view):
    """The paper is light or dark as the browser is."""
    light = view.page.evaluate(
        "() => getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 765")
    if (light > 0.5) != (view.scheme == "light"):
        yield f"the paper is {light:.0%} white where the browser is {view.scheme}"


def still(view):
    """Where somebody wants no motion, nothing moves."""
    yield from view.page.evaluate("""() => {
      const found = document.getAnimations().map(one => `an animation of <${one.effect.target.localName}>`);
      for (const element of document.querySelectorAll('*')) {
        const style = getComputedStyle(element);
        if (style.transitionDuration.split(',').some(one => parseFloat(one) > 0)) found.push(`a transition of <${element.localName}>`);
        if (style.scrollBehavior === 'smooth') found.push(`<${element.localName}> scrolls smoothly`);
      }
      return found;
    }""")


def policy(view):
    """A script that is not the page's own does not run, and its console says so, which is no finding."""
    said = len(view.errors)
    ran = view.page.evaluate("""() => {
      const strange = document.createElement('script');
      strange.textContent = 'window.strange = true';
      document.body.append(strange);
      strange.remove();
      return window.strange === true;
    }""")
    del view.errors[said:]
    if ran:
        yield "a script runs that is not the page's own"


def names_are_text(view, links=("#", "data:,")):
    """Nothing that somebody has named became an element, an attribute or a script."""
    yield from view.page.evaluate(SHAPE, list(links))


def skeleton(view):
    """The page as its elements and the names of their attributes, in order."""
    return view.page.evaluate("""() => Array.from(document.querySelectorAll('*')).map(one =>
      one.localName + '(' + one.getAttributeNames().filter(name => name !== 'tabindex').sort().join(' ') + ')')""")


def same_skeleton(of, other):
    """Both pages have the same elements and attributes."""
    for place, (one, two) in enumerate(zip(of, other)):
        if one != two:
            yield f"element {place} is {one} in the one page and {two} in the other"
            return
    if len(of) != len(other):
        yield f"there are {len(of)} elements in the one page and {len(other)} in the other"
