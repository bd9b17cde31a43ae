"""Which kinds of file are taken: what is declared, how the name ends and how the content begins must agree."""

import codecs
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from kechuang.errors import UnsupportedMedia
from kechuang.text import Text

HEAD_SIZE: Final = 4096
"""How many bytes from the beginning `check_media` wants to see; a shorter file is seen whole."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type, the endings of names that go with it, and the test of the first bytes."""

    name: str
    endings: tuple[str, ...]
    begins: Callable[[bytes], bool]


def _with(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(signatures)


def _text(head: bytes) -> bool:
    """Text has no NUL and decodes as UTF-8 or GB18030; the last character may be cut."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    if b"\0" in head or _is_program(head):
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        return True
    return False


def _is_program(head: bytes) -> bool:
    return head.startswith((b"MZ", b"\x7fELF", b"#!", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"))


def _json(head: bytes) -> bool:
    return _text(head) and head.lstrip(codecs.BOM_UTF8 + b" \t\r\n")[:1] in {b"{", b"["}


_ZIP: Final = _with(b"PK\x03\x04")
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."

MEDIA: Final[Mapping[str, MediaType]] = {
    kind.name: kind
    for kind in (
        MediaType("application/pdf", (".pdf",), _with(b"%PDF-")),
        MediaType("image/png", (".png",), _with(b"\x89PNG\r\n\x1a\n")),
        MediaType("image/jpeg", (".jpg", ".jpeg"), _with(b"\xff\xd8\xff")),
        MediaType(f"{_OFFICE}spreadsheetml.sheet", (".xlsx",), _ZIP),
        MediaType(f"{_OFFICE}wordprocessingml.document", (".docx",), _ZIP),
        MediaType("application/ofd", (".ofd",), _ZIP),  # 版式文档, GB/T 33190-2016
        MediaType("application/zip", (".zip",), _ZIP),
        MediaType("text/csv", (".csv",), _text),
        MediaType("text/plain", (".txt",), _text),
        MediaType("application/json", (".json",), _json),
        MediaType("application/x-ndjson", (".ndjson", ".jsonl"), _json),
        # What is encrypted before it is stored has no form that could be looked at.
        MediaType("application/octet-stream", (".bin", ".enc"), lambda _: True),
    )
}


def check_media(declared: str, name: str, head: bytes, allowed: Collection[str]) -> str:
    """The media type without parameters; errors.UnsupportedMedia when it is not allowed or does not agree.

    `declared` is the Content-Type, `name` the file's name, `head` its first `HEAD_SIZE` bytes.
    """
    media_type = declared.partition(";")[0].strip().lower()
    kind = MEDIA.get(media_type)
    if kind is None or media_type not in allowed:
        endings = sorted(ending for each in allowed if each in MEDIA for ending in MEDIA[each].endings)
        raise UnsupportedMedia(
            Text(zh=f"此处只接受：{'、'.join(endings)}", en=f"Taken here: {', '.join(endings)}")
        )
    if not name.lower().endswith(kind.endings):
        raise UnsupportedMedia(
            Text(zh="文件名后缀与内容类型不符", en="The file's name does not go with its media type"),
            code="media_type_name",
        )
    if not kind.begins(head[:HEAD_SIZE]):
        raise UnsupportedMedia(
            Text(zh="文件内容与声明的类型不符", en="The content is not of the declared media type"),
            code="media_type_content",
        )
    return media_type
