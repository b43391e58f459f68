"""Print the table of methods, or bring it up to date in a document."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from relu_impls import METHODS
from relu_impls.table import methods_table, update


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m relu_impls", description=__doc__)
    parser.add_argument("document", nargs="?", type=Path, help="Markdown file to update")
    document: Path | None = parser.parse_args().document
    if document is None:
        print(methods_table(METHODS.values()))  # noqa: T201
        return 0
    try:
        document.write_text(update(document.read_text("utf-8"), METHODS.values()), "utf-8")
    except (OSError, ValueError) as error:
        print(f"python -m relu_impls: {document}: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
