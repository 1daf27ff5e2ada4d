/** Entry of the agent's process; Node runs it directly. */
import { createCli } from './cli.ts'
import { commands } from './commands.ts'

try {
  await createCli(commands).parseAsync()
} catch (error) {
  process.stderr.write(`agent: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
