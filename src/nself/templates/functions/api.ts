// An API at __ROUTE__ that asks GraphQL as its caller: permissions hold, and nobody sees more than they may.
//
// GET answers with what the caller may query. Send the access token of a user as `Authorization: Bearer …`.

interface Answer {
  data?: { __schema: { queryType: { fields: { name: string }[] } } };
  errors?: { message: string }[];
}

const FIELDS = "query { __schema { queryType { fields { name } } } }";

async function graphql(query: string, authorization: string | null): Promise<Answer> {
  const headers = new Headers({ "Content-Type": "application/json" });
  if (authorization) headers.set("Authorization", authorization);
  const response = await fetch(Deno.env.get("NHOST_GRAPHQL_URL")!, {
    method: "POST",
    headers,
    body: JSON.stringify({ query }),
    signal: AbortSignal.timeout(10_000),
  });
  return await response.json();
}

export default async (request: Request): Promise<Response> => {
  if (request.method !== "GET") {
    return Response.json({ error: "only GET is answered" }, { status: 405, headers: { Allow: "GET" } });
  }
  const answer = await graphql(FIELDS, request.headers.get("Authorization"));
  if (!answer.data) {
    return Response.json({ error: answer.errors?.[0].message ?? "no answer" }, { status: 401 });
  }
  return Response.json({ fields: answer.data.__schema.queryType.fields.map((field) => field.name) });
};
