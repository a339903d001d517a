// `node dist/healthcheck.js`: exit 0 when the service answers; for images, which have no curl.
import { settings } from "./settings.js";

const answer = await fetch(`http://127.0.0.1:${settings.port}/health`, { signal: AbortSignal.timeout(2000) });
process.exit(answer.ok ? 0 : 1);
