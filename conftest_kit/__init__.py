"""Record every pytest run: `pytest_plugins = ["conftest_kit"]`. PYTEST_DONT_REWRITE"""

pytest_plugins = ("conftest_kit.plugin",)
