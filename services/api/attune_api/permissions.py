"""Who may do what. The list itself is the core's: the executor asks it too."""

from __future__ import annotations

from attune_core.access.roles import ACTION_GRANTS, GRANTS, Permission, Permissions, Role, roles_with

__all__ = ["ACTION_GRANTS", "GRANTS", "Permission", "Permissions", "Role", "roles_with"]
