// https://functions.<BASE_DOMAIN>/hello-ts?name=Ada
export default (request: Request): Response => {
  const name = new URL(request.url).searchParams.get("name") ?? "world";
  return Response.json({ message: `Hello, ${name}!` });
};
