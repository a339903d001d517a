// https://functions.<BASE_DOMAIN>/pace?km=14&ascent=430
// Naismith's rule: an hour for every 5 km, and one more for every 600 m of ascent.
export default (request: Request): Response => {
  const query = new URL(request.url).searchParams;
  const km = Number(query.get("km"));
  const ascent = Number(query.get("ascent") ?? 0);
  if (!(km > 0) || !(ascent >= 0)) {
    return Response.json({ error: "give km and ascent as numbers" }, { status: 400 });
  }
  const minutes = Math.round((km / 5 + ascent / 600) * 60);
  return Response.json({ minutes, text: `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min` });
};
