"""One file per verb a person can ask for. Composes the rooms, returns a result, emits events. No click, no printing."""
