"""The api process of project-bidding."""

from fastapi import FastAPI

from kechuang.http.app import create_app as create
from kechuang.settings import Settings
from project_bidding.service import SERVICE


def create_app(settings: Settings) -> FastAPI:
    """Build the application."""
    return create(SERVICE, settings)
