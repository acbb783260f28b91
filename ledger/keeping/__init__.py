"""The log in its database: append, read, prove, each inside its caller's transaction."""
