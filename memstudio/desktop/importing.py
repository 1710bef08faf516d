"""Large packages are imported for the first time by one thread at a time.

While a module is half imported PySide's own hook looks into it from whatever thread imports next, and pydantic's modules then fail
with an ImportError. Python's locks, one for each module, do not help against that.
"""

from __future__ import annotations

import threading

#: held around an import that brings pydantic, numpy or the catalogue with it; the same thread may hold it twice
one_at_a_time = threading.RLock()
