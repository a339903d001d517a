"""The kit our servers share: hosting, errors as JSON, tokens, a client for siblings. No feature's routes."""
