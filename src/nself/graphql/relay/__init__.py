"""The schema of /v1beta1/relay: global ids, `node`, connections with cursors."""
