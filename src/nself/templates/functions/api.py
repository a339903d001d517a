"""An API at __ROUTE__ that asks GraphQL as its caller: permissions hold, and nobody sees more than they may.

GET answers with what the caller may query. Send the access token of a user as `Authorization: Bearer …`.
"""

import json
import os
import urllib.request

FIELDS = "query { __schema { queryType { fields { name } } } }"


def handler(event, context):
    if event["method"] != "GET":
        return {"statusCode": 405, "headers": {"Allow": "GET"}, "body": {"error": "only GET is answered"}}
    answer = graphql(FIELDS, authorization=event["headers"].get("authorization"))
    if "errors" in answer:
        return {"statusCode": 401, "body": {"error": answer["errors"][0]["message"]}}
    fields = answer["data"]["__schema"]["queryType"]["fields"]
    return {"statusCode": 200, "body": {"fields": [field["name"] for field in fields]}}


def graphql(query, variables=None, *, authorization=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": authorization} if authorization else {})
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    request = urllib.request.Request(os.environ["NHOST_GRAPHQL_URL"], data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)
