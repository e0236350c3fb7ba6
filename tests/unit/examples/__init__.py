"""The example packs' own code."""
