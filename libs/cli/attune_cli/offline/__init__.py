"""Packs and workflows as files: checked, rehearsed and drawn without a platform."""
