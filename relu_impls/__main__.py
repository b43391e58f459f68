"""Print the table of methods, or bring it up to date in a document."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from relu_impls import METHODS
from relu_impls.table import methods_table, update


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m relu_impls", description=__doc__)
    parser.add_argument("document", nargs="?", type=Path, help="Markdown file to update")
    document: Path | None = parser.parse_args().document
    try:
        if document is None:
            print(methods_table(METHODS.values()), flush=True)  # noqa: T201
        else:
            _replace(document.resolve(), update(document.read_text("utf-8"), METHODS.values()))
    except BrokenPipeError:  # the reader has what it wanted; Python would try again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (OSError, ValueError) as error:
        print(f"python -m relu_impls: {document or 'standard output'}: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _replace(document: Path, text: str) -> None:
    """Replace a document as a whole or not at all."""
    new = document.with_name(f".{document.name}.{os.getpid()}")
    try:
        new.write_text(text, "utf-8")
        shutil.copymode(document, new)
        new.replace(document)
    finally:
        new.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
