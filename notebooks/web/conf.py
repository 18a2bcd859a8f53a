"""Sphinx's configuration for the web edition. `edition.py` copies it beside the pages it makes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "gan_edu"
html_title = "gan_edu: how two networks learn by arguing"
author = "The gan_edu contributors"
project_copyright = "The gan_edu contributors; code MIT, text CC BY 4.0"
extensions = ["myst_nb", "formulas"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]
nb_execution_mode = "off"                 # the notebooks come executed
nb_ipywidgets_js = {}                     # host.mjs takes the place of RequireJS and the widget manager
nb_merge_streams = True
html_theme = "furo"
html_math_renderer = "svg"
html_static_path = ["_static"]
html_js_files = [("host.mjs", {"type": "module"})]
html_css_files = ["course.css"]
html_copy_source = html_show_sourcelink = html_show_sphinx = False
exclude_patterns = ["assets"]
