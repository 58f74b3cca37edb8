"""OpenID Connect for Google, Microsoft and any other provider: one engine, strict for all."""
