"""Called at __ROUTE__ by the schedule in metadata/cron_triggers.yaml, at least once for each time that is due.

Every time comes with an id of its own, which is the same when a call that failed is made again.
"""

import hmac
import os


def handler(event, context):
    given = event["headers"].get("nhost-webhook-secret", "")
    if not hmac.compare_digest(given.encode(), os.environ["NHOST_WEBHOOK_SECRET"].encode()):
        return {"statusCode": 401, "body": {"error": "only the schedule may call this function"}}
    due = event["body"]
    print("due at", due["scheduled_time"], "id", due["id"])
    return {"statusCode": 200, "body": {"done": due["id"]}}
