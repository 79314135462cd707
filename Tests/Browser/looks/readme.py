"""The pictures of README.md, which `make pictures` makes."""
import os
import re

# A page that is opened for a look is not to be heavy.
MOST_BYTES = 250_000
PICTURES = ("report-light.png", "report-dark.png", "live-light.png", "live-dark.png")


def pictures(project):
    """README.md begins with all of them, each with a text, and they are there and light."""
    with open(f"{project}/README.md", encoding="utf-8") as file:
        beginning = file.read().split("\n## ")[0]
    named = re.findall(r"(?:src|srcset)=\"(docs/pictures/[^\"]+)\"", beginning)
    for name in PICTURES:
        path = f"docs/pictures/{name}"
        if path not in named:
            yield f"README.md does not begin with {path}"
        if not os.path.exists(f"{project}/{path}"):
            yield f"there is no {path}; “make pictures” makes it"
        elif os.path.getsize(f"{project}/{path}") > MOST_BYTES:
            yield f"{path} has {os.path.getsize(f'{project}/{path}')} bytes, and {MOST_BYTES} are many"
    for path in named:
        if os.path.basename(path) not in PICTURES:
            yield f"{path} is made by nothing"
    for image in re.findall(r"<img[^>]*>", beginning):
        text = re.search(r"alt=\"([^\"]*)\"", image)
        if not text or len(text[1]) < 20:
            yield f"a picture has no text that says what is seen: {image[:80]}"
    if "make pictures" not in beginning:
        yield "README.md does not say that “make pictures” makes its pictures"
