"""The api process of enterprise-registry."""

from fastapi import FastAPI

from enterprise_registry.service import SERVICE
from kechuang.http.app import create_app as create
from kechuang.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """Build the application."""
    return create(SERVICE, settings)
