"""Windows (申报通知, 填报期): when something may be filed, by which guide and form."""

from kechuang_procedure.windows.domain import Window
from kechuang_procedure.windows.feature import WindowCreate, Windows

__all__ = ["Window", "WindowCreate", "Windows"]
