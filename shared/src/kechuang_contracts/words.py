"""What the fields of all answers are called, in Chinese and English (`words.yaml`)."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml

from kechuang.text import Text


@cache
def words() -> Mapping[str, Text]:
    """Give the words by field; a field with a Chinese word alone is in English what it is called."""
    text = files(__package__).joinpath("words.yaml").read_text(encoding="utf-8")
    listed = yaml.load(text, Loader=yaml.CSafeLoader)
    return {
        name: Text(said, name.replace("_", " ").capitalize()) if isinstance(said, str) else Text(*said)
        for name, said in listed.items()
    }
