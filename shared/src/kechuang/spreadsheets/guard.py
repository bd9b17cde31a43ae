"""Looks through an XLSX file before a parser sees it.

An XLSX file is a zip of XML. What a hostile one can do to a reader, and what is done about it here:
sizes in the directory may lie, so every entry is inflated once with a limit; a lone cell at XFD1048576
makes a parser allocate the whole rectangle, so cell addresses are looked at; one long shared string named
by a million cells is copied a million times, so the sum is taken; macros, links to other files, embedded
objects and document type declarations have no place in a table of data.
"""

import re
import struct
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from kechuang.errors import Invalid
from kechuang.text import Text

_CHUNK: Final = 1 << 20
_OVERLAP: Final = 256
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
_LOCAL_SIGNATURE: Final = b"PK\x03\x04"
_ENCRYPTED: Final = 0x1
_RATIO_FROM: Final = 1 << 20
_LONGEST_STRING: Final = 1 << 20
_COLUMN_LETTERS: Final = 26
_FORBIDDEN: Final = re.compile(
    r"(^|/)(vbaProject\.bin|externalLinks/|embeddings/|activeX/|macrosheets/|ctrlProps/)|^/|\.\.|\\",
    re.IGNORECASE,
)
_CELL: Final = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,10})["']""")
_SHARED: Final = re.compile(rb"""\st\s*=\s*["']s["'][^>]{0,100}>\s*<(?:\w+:)?v>([0-9]{1,9})<""")
_STRINGS_PART: Final = "sharedstrings.xml"
_STRING_END: Final = re.compile(rb"</(?:\w+:)?si>|<(?:\w+:)?si\s*/>")


@dataclass(frozen=True, slots=True)
class WorkbookLimits:
    """What a workbook may hold. Sizes in bytes; `ratio` is inflated to stored; `cells` rows times columns."""

    entries: int = 1000
    inflated: int = 256 << 20
    ratio: int = 200
    rows: int = 200_010
    columns: int = 256
    cells: int = 5_000_000


def _refuse(code: str, zh: str, en: str) -> Invalid:
    return Invalid(Text(zh=zh, en=en), code=code)


_BROKEN: Final = ("workbook_broken", "文件不是有效的XLSX工作簿", "The file is not a valid XLSX workbook")
_TOO_MUCH: Final = ("workbook_too_large", "工作簿解压后过大", "The workbook is too large when unpacked")
_ACTIVE: Final = (
    "workbook_active_content",
    "工作簿含有宏、外部链接或嵌入对象，请另存为普通XLSX后重新上传",
    "The workbook has macros, links to other files or embedded objects: save it as a plain XLSX",
)


def guard_workbook(file: BinaryIO, limits: WorkbookLimits | None = None) -> None:
    """Refuse (errors.Invalid) a workbook that is broken, active, or larger inside than `limits`.

    `file` is seekable and is left at its beginning.
    """
    scan = _Scan(limits or WorkbookLimits())
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
        scan.directory(entries)
        for entry in entries:
            scan.entry(entry, _inflate(file, entry))
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, EOFError):
        raise _refuse(*_BROKEN) from None
    scan.finish()
    file.seek(0)


def _inflate(file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    # Not ZipExtFile: it stops at the size the directory states, and another reader may not.
    file.seek(entry.header_offset)
    signature, name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    if signature != _LOCAL_SIGNATURE:
        raise zipfile.BadZipFile
    file.seek(name_length + extra_length, 1)
    left, seen = entry.compress_size, 0
    inflater = zlib.decompressobj(-zlib.MAX_WBITS) if entry.compress_type == zipfile.ZIP_DEFLATED else None
    while left or (inflater is not None and inflater.unconsumed_tail):
        data = inflater.unconsumed_tail if inflater is not None else b""
        if not data:
            data = file.read(min(left, _CHUNK))
            if not data:
                raise EOFError
            left -= len(data)
        chunk = inflater.decompress(data, _CHUNK) if inflater is not None else data
        seen += len(chunk)
        if seen > entry.file_size:
            raise _refuse(*_TOO_MUCH)
        yield chunk


class _Scan:
    """What was seen so far in all entries."""

    def __init__(self, limits: WorkbookLimits) -> None:
        self._limits = limits
        self._rows = self._columns = 0
        self._strings = array("Q")  # length of each shared string
        self._shared = array("Q")  # which of them the cells name

    def directory(self, entries: list[zipfile.ZipInfo]) -> None:
        """The directory alone: number, names, methods, stated sizes."""
        if len(entries) > self._limits.entries or sum(e.file_size for e in entries) > self._limits.inflated:
            raise _refuse(*_TOO_MUCH)
        names = {
            entry.filename.casefold() for entry in entries
        }  # readers look parts up without regard to case
        strings = sum(name.endswith(_STRINGS_PART) for name in names)
        if len(names) != len(entries) or "[content_types].xml" not in names or strings > 1:
            raise _refuse(*_BROKEN)
        for entry in entries:
            if _FORBIDDEN.search(entry.filename):
                raise _refuse(*_ACTIVE)
            if entry.flag_bits & _ENCRYPTED or entry.compress_type not in {
                zipfile.ZIP_STORED,
                zipfile.ZIP_DEFLATED,
            }:
                raise _refuse(*_BROKEN)
            if entry.file_size > _RATIO_FROM and entry.file_size > self._limits.ratio * max(
                1, entry.compress_size
            ):
                raise _refuse(*_TOO_MUCH)

    def entry(self, entry: zipfile.ZipInfo, chunks: Iterator[bytes]) -> None:
        """The content of one entry."""
        carried, pending = b"", b""
        strings = entry.filename.casefold().endswith(_STRINGS_PART)
        for number, chunk in enumerate(chunks):
            if number == 0:
                if b"<!DOCTYPE" in chunk[:4096]:
                    raise _refuse(*_ACTIVE)
                if b"\0" in chunk[:4096] and entry.filename.endswith((".xml", ".rels")):
                    raise _refuse(*_BROKEN)  # UTF-16 would hide everything that is looked for
            if strings:
                *ended, pending = _STRING_END.split(pending + chunk)
                self._strings.extend(len(text) for text in ended)
                if len(pending) > _LONGEST_STRING:
                    raise _refuse(*_TOO_MUCH)
            self._cells(carried + chunk)
            carried = chunk[-_OVERLAP:]

    def _cells(self, data: bytes) -> None:
        for letters, digits in set(_CELL.findall(data)):
            column = 0
            for letter in letters.upper():
                column = column * _COLUMN_LETTERS + letter - ord("A") + 1
            self._columns, self._rows = max(self._columns, column), max(self._rows, int(digits))
        limits = self._limits
        if (
            self._rows > limits.rows
            or self._columns > limits.columns
            or self._rows * max(1, self._columns) > limits.cells
        ):
            raise _refuse(
                "table_too_large",
                f"表格超过{limits.rows}行、{limits.columns}列或{limits.cells}个单元格",
                f"The table has more than {limits.rows} rows, {limits.columns} columns or {limits.cells} cells",
            )
        self._shared.extend(int(index) for index in _SHARED.findall(data))

    def finish(self) -> None:
        """The sum of the texts that a reader will copy out of the shared strings."""
        known = len(self._strings)
        if sum(self._strings[index] for index in self._shared if index < known) > self._limits.inflated:
            raise _refuse(*_TOO_MUCH)
