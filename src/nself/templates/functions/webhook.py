"""Receives webhooks at __ROUTE__: POST with the header `nhost-webhook-secret` and a JSON body.

The secret is NHOST_WEBHOOK_SECRET of this project. GraphQL's event triggers and actions send it with
`headers: [{name: nhost-webhook-secret, value_from_env: NHOST_WEBHOOK_SECRET}]`.
"""

import hmac
import os


def handler(event, context):
    given = event["headers"].get("nhost-webhook-secret", "")
    if not hmac.compare_digest(given.encode(), os.environ["NHOST_WEBHOOK_SECRET"].encode()):
        return {"statusCode": 401, "body": {"error": "the webhook secret is missing or wrong"}}
    if event["method"] != "POST" or not isinstance(event["body"], dict):
        return {"statusCode": 400, "body": {"error": "send a JSON object by POST"}}
    print("received", sorted(event["body"]))
    return {"statusCode": 200, "body": {"received": True}}
