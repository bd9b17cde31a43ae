"""Asking the services' api processes: the portal has no data of its own."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from kechuang.errors import Unavailable
from kechuang.text import Text

_SECONDS = 3.0


class Peers:
    """The services by name, with the addresses of their copies."""

    def __init__(self, urls: Mapping[str, Sequence[str]], client: httpx.AsyncClient | None = None) -> None:
        self.urls = {name: list(each) for name, each in urls.items() if name != "portal" and each}
        self._client = client or httpx.AsyncClient(timeout=_SECONDS)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def ask(
        self,
        service: str,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> httpx.Response:
        """Ask one copy after another; raises Unavailable when none answers."""
        for url in self.urls.get(service, ()):
            try:
                return await self._client.request(
                    method, f"{url}{path}", headers=dict(headers or {}), json=json
                )
            except httpx.HTTPError:
                continue
        raise Unavailable(
            Text(f"服务 {service} 暂不可用。", f"The service {service} is away."), retry_after=2,
            extra={"service": service},
        )  # fmt: skip

    async def ask_all(self, path: str) -> dict[str, httpx.Response | None]:
        """Ask every service at once; None for one that does not answer."""

        async def one(service: str) -> httpx.Response | None:
            try:
                return await self.ask(service, path)
            except Unavailable:
                return None

        answers = await asyncio.gather(*(one(service) for service in self.urls))
        return dict(zip(self.urls, answers, strict=True))
