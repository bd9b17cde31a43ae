"""Run Python with the settings of one service of this checkout's stack: for the operators' commands.

python -m kechuang_embedded.within indicators -m kechuang.messaging.dead_letters list indicators
python -m kechuang_embedded.within enterprise-registry -m kechuang.audit verify enterprise_registry
"""

import os
import sys

from kechuang_embedded.layout import Layout
from kechuang_embedded.services import SERVICES
from kechuang_embedded.settings import StackSettings
from kechuang_embedded.stack import Stack


def main(arguments: list[str]) -> None:
    """Become Python with `arguments[1:]` and the environment of the service `arguments[0]`."""
    named = {each.name: each for each in SERVICES}
    if len(arguments) < 2 or arguments[0] not in named:  # noqa: PLR2004  a service and what to run
        sys.exit(
            f"usage: python -m kechuang_embedded.within <service> -m <module> …; services: {', '.join(named)}"
        )
    stack = Stack(Layout.of(os.environ), StackSettings(), os.environ, running=True)
    environment = stack.service_environment(named[arguments[0]], 0)
    os.execve(sys.executable, [sys.executable, *arguments[1:]], environment)  # noqa: S606  no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
