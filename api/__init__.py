"""The door: HTTP, tokens, settings, pages, commands. It knows all and decides nothing."""
