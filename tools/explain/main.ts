/**
 * `npm run explain -- FILE`: replays a recorded placement and prints it for a person. `-` reads stdin.
 *
 * Exits 1 with one line when there is nothing to replay, or when the replay differs from the record.
 */
import { readFileSync } from 'node:fs'
import { isAppError } from '@isochrone/domain'
import { Command } from 'commander'
import { explainText } from './explain-text.ts'

const program = new Command('npm run explain --')
  .description('Replays a recorded placement and prints candidates, terms in dollars, rejections and the choice.')
  .argument('<file>', 'a record, or an answer of the API that carries one, as JSON or JSON lines; - reads stdin')
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()

const file = program.args[0] ?? '-'
const name = file === '-' ? 'The input' : file
try {
  process.stdout.write(`${explainText(textOf(file), name)}\n`)
} catch (error) {
  const line = isAppError(error)
    ? `${name}: ${error.publicMessage}`
    : error instanceof Error
      ? error.message
      : String(error)
  process.stderr.write(`${line.replaceAll('\n', ' ')}\n`)
  process.exitCode = 1
}

function textOf(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : String(code)
    throw new Error(`Cannot read ${path}: ${why}.`, { cause: error })
  }
}
