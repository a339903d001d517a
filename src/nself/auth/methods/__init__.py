"""Ways to sign up and in, one file each; a module exposes ENDPOINTS and is found by being here."""
