"""Who may run which operation, how large, and how often: decided before anything is planned."""
