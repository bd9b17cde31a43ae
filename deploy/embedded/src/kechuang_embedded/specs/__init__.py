"""The committed specifications: written from the programs, checked for freshness, validity and breaks.

python -m kechuang_embedded.specs            write docs/specs, the portal's copies and problem types
python -m kechuang_embedded.specs --check    compare and judge, change nothing
"""
