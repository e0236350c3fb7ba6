"""Who may do what: roles and their permissions, the rights of an identity, the names of keys."""
