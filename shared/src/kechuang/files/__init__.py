"""Files: an object store, what kinds are taken, and the state between upload and scan."""

from kechuang.files.media import MEDIA, MediaType, check_media
from kechuang.files.ranges import ByteRange, parse_range
from kechuang.files.scanning import FileState, NoScanner, Scanner, Verdict, after_scan
from kechuang.files.store import FileStore, FileStream, StoredFile, object_key

__all__ = [
    "MEDIA",
    "ByteRange",
    "FileState",
    "FileStore",
    "FileStream",
    "MediaType",
    "NoScanner",
    "Scanner",
    "StoredFile",
    "Verdict",
    "after_scan",
    "check_media",
    "object_key",
    "parse_range",
]
