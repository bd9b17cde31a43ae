"""The api process of indicators."""

from fastapi import FastAPI

from indicators.service import SERVICE
from kechuang.http.app import create_app as create
from kechuang.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """Build the application."""
    return create(SERVICE, settings)
