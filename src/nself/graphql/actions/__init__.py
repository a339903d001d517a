"""Actions: root fields that a webhook answers. Types, plans, the call and its answer, the log of asynchronous calls."""
