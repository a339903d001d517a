"""Answers at __ROUTE__: GET __ROUTE__?name=Ada"""


def handler(event, context):
    name = event["query"].get("name", "world")
    return {"statusCode": 200, "body": {"message": f"Hello, {name}!"}}
