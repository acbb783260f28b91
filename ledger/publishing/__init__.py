"""The public log as plain files, for a server, a folder or an object store."""
