"""See `kechuang_packs.cli`."""

from kechuang_packs.cli import main

raise SystemExit(main())
