"""https://functions.<BASE_DOMAIN>/hello?name=Ada"""


def handler(event, context):
    name = event["query"].get("name", "world")
    return {"statusCode": 200, "body": {"message": f"Hello, {name}!"}}
