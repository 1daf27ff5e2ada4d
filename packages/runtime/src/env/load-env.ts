/**
 * Reads and checks the environment of a process: the one place in the project that touches `process.env`.
 *
 * In development, missing keys and secrets get well-known values (`development.ts`). In production there are no such
 * defaults, and a variable that holds a development value stops the start: money must never rest on a public key.
 */
import type { z } from 'zod'
import { developmentDefaults, developmentSecrets } from './development.ts'

/** The environment is unusable; `message` is one line for each variable at fault, without their values. */
export class EnvError extends Error {
  override readonly name = 'EnvError'
}

type Source = Readonly<Record<string, string | undefined>>

/**
 * Parses `source` (by default the process's environment) with a schema from `processes.ts`.
 *
 * @throws EnvError naming each missing or malformed variable, or a development key in production.
 */
export function loadEnv<S extends z.ZodObject>(schema: S, source: Source = process.env): z.output<S> {
  const environment = environmentOf(source)
  // An empty variable is how shells and compose files say "not set".
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''))
  const defaults = environment === 'development' ? developmentDefaults : {}
  const candidate = { ...defaults, ...given, ISOCHRONE_ENVIRONMENT: environment }

  const names = Object.keys(schema.shape)
  if (environment === 'production') refuseDevelopmentSecrets(candidate, names)

  const parsed = schema.safeParse(candidate)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? 'environment')
    return name in candidate ? `${name}: ${issue.message}` : `${name}: is not set`
  })
  throw new EnvError([...new Set(lines)].join('\n'))
}

/** Production when said so, or when NODE_ENV alone says so; an unknown word is refused by the schema. */
function environmentOf(source: Source): string {
  const stated = source.ISOCHRONE_ENVIRONMENT
  if (stated) return stated
  return source.NODE_ENV === 'production' ? 'production' : 'development'
}

function refuseDevelopmentSecrets(candidate: Record<string, unknown>, names: readonly string[]): void {
  const guilty = names.filter((name) => {
    const value = candidate[name]
    return typeof value === 'string' && developmentSecrets.has(value.toLowerCase())
  })
  if (guilty.length === 0) return
  throw new EnvError(
    guilty
      .map(
        (name) => `${name}: holds a well-known development value, which production refuses. Set a secret of your own.`,
      )
      .join('\n'),
  )
}
