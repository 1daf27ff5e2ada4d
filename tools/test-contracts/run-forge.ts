/** Runs forge on `contracts/`, by the binary inside its npm package. */
import { join } from 'node:path'
import { projectRoot } from '../project-root.ts'
import { runCommand, type CommandResult, type RunCommandOptions } from '../run-command.ts'

export function runForge(
  args: readonly string[],
  options: Omit<RunCommandOptions, 'cwd'> = {},
): Promise<CommandResult> {
  const cwd = join(projectRoot, 'contracts')
  return runCommand(process.execPath, [join(cwd, 'tools/forge.ts'), ...args], { cwd, limitMs: 1_800_000, ...options })
}
