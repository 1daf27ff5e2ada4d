/**
 * Structured logs: JSON lines on stdout, one logger for each process, child loggers for parts.
 *
 * Never logs prompts, completions, keys or tokens: the fields that could hold them are redacted even when somebody
 * passes a whole request by mistake, and of an error only what its thrower wrote as its text.
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
    serializers: { err: loggedError },
  }
  return destination ? pino(options, destination) : pino(options)
}

/** An error, its cause, the cause of that: no longer chain is written. */
const CAUSES_MAX = 8
/** Of errors that are thrown together: one for each address that was tried. */
const TOGETHER_MAX = 8

interface LoggedError {
  type: string
  code?: string | number
  message: string
  stack: string
  together?: string[]
}

/**
 * Type, code, message and stack, with those of its causes. Pino would copy every other field too: the details of an
 * `AppError` hold a node's own words and whole placements, and the errors of other libraries what was to be stored.
 */
function loggedError(thrown: unknown): LoggedError {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: 'Thrown as no error.', stack: '' }
  const chain: Error[] = []
  for (let error: unknown = thrown; error instanceof Error && chain.length < CAUSES_MAX; error = error.cause) {
    chain.push(error)
  }
  const { code, errors } = thrown as { code?: unknown; errors?: unknown }
  return {
    type: thrown.constructor.name,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    message: chain.map(({ message }) => message).join(': '),
    stack: chain.map(({ stack }) => stack ?? '').join('\ncaused by: '),
    ...(Array.isArray(errors) && { together: errors.slice(0, TOGETHER_MAX).map(messageOf) }),
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : typeof error)
