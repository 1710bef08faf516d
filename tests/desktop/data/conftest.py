from tests.desktop.opened import open_window, window

__all__ = ["open_window", "window"]
