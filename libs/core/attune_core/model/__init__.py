"""The nouns of Attune as frozen values."""
