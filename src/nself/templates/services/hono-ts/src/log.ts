// One JSON object a line on stdout.
import { pino, stdTimeFunctions } from "pino";
import { settings } from "./settings.js";

export const log = pino({
  base: { service: settings.service },
  messageKey: "message",
  errorKey: "error",
  timestamp: stdTimeFunctions.isoTime,
  formatters: { level: (level) => ({ level }) },
});
