"""Logins at an identity provider (OpenID Connect): its keys, its tokens, whom they stand for."""
