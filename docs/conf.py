"""How Sphinx makes a site of these pages: `make docs`, then `build/docs/index.html`.

Whatever a page needs is beside it: no fonts, scripts or counters from elsewhere, and a
search that works in the reader's browser, without a network (docs/decisions/017).
"""

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
