/**
 * Structured logs: JSON lines on stdout, one logger for each process, child loggers for parts.
 *
 * Never logs prompts, completions, keys or tokens: the fields that could hold them are redacted even when somebody
 * passes a whole request by mistake.
 */
import { pino, type DestinationStream, type Logger } from 'pino'

export type { Logger }

const secretFields = [
  'authorization',
  'cookie',
  'apiKey',
  'privateKey',
  'token',
  'secret',
  'password',
  'prompt',
  'messages',
  'completion',
  'input',
]

/** A pino logger that writes JSON lines to stdout, or to `destination`; `level` defaults to `info`. */
export function createLogger(name: string, level = 'info', destination?: DestinationStream): Logger {
  const options = {
    name,
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '[redacted]',
    },
  }
  return destination ? pino(options, destination) : pino(options)
}
