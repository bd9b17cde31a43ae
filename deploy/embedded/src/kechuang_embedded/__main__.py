"""`python -m kechuang_embedded`."""

import sys

from kechuang_embedded.cli import main

if __name__ == "__main__":
    sys.exit(main())
