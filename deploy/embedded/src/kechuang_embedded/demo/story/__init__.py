"""The main story: an enterprise from its registration to an accepted project, through the gateway."""

from kechuang_embedded.demo.story.teller import Printed
from kechuang_embedded.demo.story.telling import Result, Step, Story

__all__ = ["Printed", "Result", "Step", "Story"]
