"""The private PostgreSQL cluster: its programs, the account that runs it, starting and stopping it."""
