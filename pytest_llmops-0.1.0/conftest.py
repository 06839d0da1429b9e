"""Fixtures for every test of this project; what the plugin offers needs no conftest."""

pytest_plugins = ["pytester"]
