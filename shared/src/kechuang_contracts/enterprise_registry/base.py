"""What all events of enterprise-registry share."""

from typing import ClassVar

from kechuang.messaging.events import Event


class Registry(Event):
    """An event of enterprise-registry."""

    service: ClassVar[str] = "enterprise-registry"
