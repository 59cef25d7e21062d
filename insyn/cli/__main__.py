"""`python -m insyn.cli`."""

from __future__ import annotations

from insyn.cli import main

if __name__ == "__main__":
    main()
