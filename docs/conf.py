"""How Sphinx makes a site of these pages: `make docs`, then `build/docs/index.html`.

Whatever a page needs is beside it: no fonts, scripts or counters from elsewhere, and a
search that works in the reader's browser, without a network (docs/decisions/020).
"""

import os
import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

DOCS = Path(__file__).parent
OUTWARD = re.compile(r"\[([^\]]+)\]\((\.\./[^)#\s]+)(?:#[^)]*)?\)")
"""A link to what the repository has beside the documents."""

project = "Shopwire"
author = "Shopwire contributors"
project_copyright = author
html_title = "Shopwire"

extensions = ["myst_parser", "sphinx_copybutton"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["examples/**/node_modules/**"]
# Headings are linked to, as on the forges that show these pages too.
myst_heading_anchors = 4
suppress_warnings = [
    # A snippet may leave out a part, as `{…}`; it is coloured as well as may be.
    "misc.highlighting_failure",
]

html_theme = "furo"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#2f5bd7"},
    "dark_css_variables": {"color-brand-primary": "#8fa9ff"},
}


def name_what_is_outside(_app: Sphinx, page: str, source: list[str]) -> None:
    """Say where the repository has what is linked to: the site does not have it."""
    folder = (DOCS / page).parent

    def named(link: re.Match[str]) -> str:
        path = Path(os.path.normpath(folder / link[2]))
        if path.is_relative_to(DOCS):
            return link[0]
        if not path.exists():
            logging.getLogger(__name__).warning("%s: no %s", page, link[2])
        return f"{link[1]} (`{path.relative_to(DOCS.parent)}`)"

    source[0] = OUTWARD.sub(named, source[0])


def setup(app: Sphinx) -> None:
    """Be called by Sphinx."""
    app.connect("source-read", name_what_is_outside)
