"""Uploaded pack versions on the wire."""

from datetime import date

from pydantic import Field

from kechuang.http.schemas import Input, Line, Output, RecordOut

_FILES = 100
_EXAMPLE_PACK = """id: national-hnte
kind: national
title: {zh: 高新技术企业认定（修订草案）, en: High-tech enterprises (draft)}
version: "2027.1"
in_force_from: 2027-01-01
documents: [{id: draft, title: {zh: 修订草案, en: Draft}}]
"""
EXAMPLE = {"city": "440700", "files": [{"name": "pack.yaml", "content": _EXAMPLE_PACK}]}


class PolicyPackVersionFile(Input):
    """A file of a pack: its name within the pack's folder and its YAML text."""

    name: Line = Field(max_length=100, examples=["rules/recognition.yaml"])
    content: str = Field(max_length=2_000_000)


class PolicyPackVersionCreate(Input):
    """All files of a version, as a folder would hold them."""

    city: Line = Field(description="Area id of the city whose officers prepare it", examples=["440700"])
    files: list[PolicyPackVersionFile] = Field(min_length=1, max_length=_FILES)


class PolicyPackVersionPatch(Input):
    """All files anew."""

    files: list[PolicyPackVersionFile] = Field(min_length=1, max_length=_FILES)


class PolicyPackVersionPublish(Input):
    """The decision that publishes it."""

    document_no: Line = Field(examples=["江科〔2024〕21号"])
    decided_on: date


class PolicyPackVersionFault(Output):
    """Something wrong, with file and line."""

    file: str
    line: int
    message: str


class PolicyPackVersionOut(RecordOut):
    """An uploaded version. `in_use`: this process runs on it, with exactly this content."""

    pack_id: str | None
    pack_version: str | None
    in_force_from: date | None
    digest: str | None
    file_names: list[str]
    faults: list[PolicyPackVersionFault]
    document_no: str | None
    decided_on: date | None
    in_use: bool


class PolicyPackVersionFileOut(Output):
    """A file of a pack."""

    name: str
    content: str


class PolicyPackVersionFiles(Output):
    """The files of a version and the digest of their content."""

    digest: str | None
    files: list[PolicyPackVersionFileOut]
