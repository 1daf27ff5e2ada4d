/**
 * The flags of a command, or a line that says which is wrong: for commands too small for a parser with help texts.
 */
import { parseArgs, type ParseArgsConfig } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values']

/** Exits with code 2 at a flag that is not known, or one without its value. @param command as a person types it. */
export function readFlags<const O extends Options>(command: string, options: O): Values<O> {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    const known = Object.entries(options).map(([name, { type }]) => (type === 'string' ? `--${name} …` : `--${name}`))
    const why = (error instanceof Error ? error.message : String(error)).split(/\.? To specify|\n/)[0] ?? ''
    return refuse(`${why.replace(/\.$/, '')}. ${command} takes: ${known.join(', ')}.`)
  }
}

/** The whole number in a flag, from `least`. Exits with code 2 when it is none. */
export function wholeFlag(name: string, text: string, least = 0): number {
  const value = Number(text)
  if (/^\d{1,15}$/.test(text) && value >= least) return value
  return refuse(`--${name}: a whole number from ${least} is expected, not ${text}.`)
}

function refuse(sentence: string): never {
  process.stderr.write(`${sentence}\n`)
  process.exit(2)
}
