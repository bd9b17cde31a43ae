"""Innovation portraits (创新画像): dated, stored, rebuildable."""
