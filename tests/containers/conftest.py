"""What is here needs the packages of the dependency group `containers`: ``tox run -e containers``.

Without all of them the folder is passed over.
"""

from __future__ import annotations

from importlib.util import find_spec

NEEDED = (
    "astropy",
    "awkward",
    "dask",
    "distributed",
    "pandas",
    "pint",
    "polars",
    "pyarrow",
    "ragged",
    "sparse",
    "unyt",
    "xarray",
)

collect_ignore_glob = [] if all(map(find_spec, NEEDED)) else ["test_*.py"]
