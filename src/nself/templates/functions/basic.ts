// Answers at __ROUTE__: GET __ROUTE__?name=Ada

export default (request: Request): Response => {
  const name = new URL(request.url).searchParams.get("name") ?? "world";
  return Response.json({ message: `Hello, ${name}!` });
};
