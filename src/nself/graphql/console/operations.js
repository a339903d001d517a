// What is in the editor. GraphiQL reads it with a delay; what is run or explained at once must not be of before.

/** Definitions of the document's operations; none of one that cannot be read: the server says what is wrong with it. */
export function operations(query) {
  try {
    return GraphiQL.GraphQL.parse(query).definitions.filter((each) => each.kind === "OperationDefinition");
  } catch {
    return [];
  }
}

/** The operation that is meant, its name if it has one: GraphiQL may still give the name of one that was there before. */
export function meant({ query, operationName }) {
  const all = operations(query);
  const named = all.find((each) => operationName && each.name?.value === operationName);
  const found = named || all[0];
  return { operationName: all.length ? named?.name.value : operationName, isSubscription: found?.operation === "subscription" };
}

/** The name of the operation the cursor is in, or of the first. */
export function nameAt(query, offset) {
  const all = operations(query);
  const found = all.find(({ loc }) => loc.start <= offset && offset <= loc.end) || all[0];
  return found?.name?.value ?? null;
}
