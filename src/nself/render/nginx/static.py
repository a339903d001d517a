"""Folders of files that nginx serves itself: the project's own, and the built sites of frontends."""

from __future__ import annotations

from nself.records import dataclass
from nself.render.nginx import answers
from nself.render.nginx.syntax import Lines, block, directive

HASHED = (
    # Everything in these folders has its content's hash in its name, whatever that looks like.
    r"^/(_next/static|_app/immutable|_astro|_nuxt)/",
    # Vite, webpack and their like: a hash has a digit or a capital, which tells it from a word.
    r"^/(assets|static/(js|css|media))/(.*/)?[^/]*[.-](?=[a-z_-]*[A-Z0-9])[A-Za-z0-9_-]{8,}\.[A-Za-z0-9.]+$",
)
FOREVER = "public, max-age=31536000, immutable"
HERE = "$here"
ASK = "no-cache"
"""Keep it, and ask each time whether it is still the same: a page names the newest assets."""
HIDDEN = block("location", "~", r"/\.(?!well-known/)", body=[directive("return", 404)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """`site`: the build of a frontend; `single_page`: what is no file is a route of the app's own."""

    path: str
    site: bool = False
    single_page: bool = False


def lines(folder: Folder) -> Lines:
    """Files whose names start with a dot are nobody's business."""
    head = [root(folder.path), directive("charset", "utf-8"), directive("index", "index.html"), *HIDDEN]
    if not folder.site:
        return [*head, *block("location", "/", body=[directive("try_files", "$uri", "$uri/", "=404")])]
    fallback = ["/200.html", "/index.html"] if folder.single_page else ["/200.html", "=404"]
    body: Lines = [] if folder.single_page else [*answers.error_pages(), directive("error_page", 404, "/404.html")]
    found = [*head]
    for pattern in HASHED:
        found += block("location", "~", pattern, body=_cached(FOREVER, "$uri", "=404"))
    if folder.single_page:
        # A missing file is missing: the page in its place would be taken for a script or a picture.
        found += block("location", "~", r"\.[A-Za-z0-9]+$", body=_cached(ASK, "$uri", "=404"))
    return [*found, *block("location", "/", body=[*body, *_cached(ASK, *PAGE, *fallback)])]


def here() -> Lines:
    """A variable that is where nginx runs, the project's folder. What `root` reads in its file gets that folder's name
    put before it, and then a `$` in the name begins a variable; what begins with one is completed at each request."""
    return block("geo", HERE, body=[directive("default", ".")])


def root(path: str) -> str:
    return directive("root", path if path.startswith("/") else f"{HERE}/{path}")


PAGE = ("$uri", "$uri.html", "$uri/index.html")


def _cached(how: str, *tries: str) -> Lines:
    """`add_header` replaces those of the server, so they are said again."""
    return [
        directive("include", "headers.conf"),
        directive("add_header", "Cache-Control", how),
        directive("try_files", *tries),
    ]
