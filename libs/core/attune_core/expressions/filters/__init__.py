"""The filters: the only functions that work on values. `FILTERS` is the whole list."""

from attune_core.expressions.filters import codecs, lists, maps, numbers, patterns, shapes, text
from attune_core.expressions.filters.registry import FILTERS

__all__ = ["FILTERS", "codecs", "lists", "maps", "numbers", "patterns", "shapes", "text"]
