"""The networks whose features the metrics compare: a domain's evaluator, for others a general-purpose one, or Inception.

Which network it was decides every value, so its name and the hash of its weights are part of each result.
"""

from gan_core.evaluation.extractors.base import Extractor
from gan_core.evaluation.extractors.choosing import CHOICES, find, open_extractor, open_folder, open_general

__all__ = ["CHOICES", "Extractor", "find", "open_extractor", "open_folder", "open_general"]
