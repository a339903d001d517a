"""The console: GraphiQL with a bar for the session. Data only; `http/console.py` serves it."""
