"""The page that every browser test starts from."""

import pytest
from playwright.sync_api import Page

from support.pages import open_app


@pytest.fixture
def page(fresh_page: Page, app_address: str) -> Page:
    return open_app(fresh_page, app_address)
