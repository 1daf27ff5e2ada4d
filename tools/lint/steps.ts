/** The checks of source text, as steps that `npm run lint` and `npm test` both run. */
import { join } from 'node:path'
import { runCommand } from '../run-command.ts'
import { checkBorders } from './check-borders.ts'

export interface LintStep {
  readonly name: string
  run: () => Promise<{ ok: boolean; output: string }>
}

export function lintSteps(root: string, fix = false): LintStep[] {
  const bin = (name: string) => join(root, 'node_modules/.bin', name)
  const command = (name: string, file: string, args: readonly string[]): LintStep => ({
    name,
    async run() {
      const { code, output } = await runCommand(bin(file), args, { cwd: root })
      return { ok: code === 0, output }
    },
  })
  return [
    {
      name: 'import borders',
      async run() {
        const violations = checkBorders(root)
        const lines = violations.map(({ file, line, reason }) => `${file}:${line}  ${reason}`)
        return { ok: violations.length === 0, output: lines.join('\n') }
      },
    },
    command('types', 'tsc', ['--noEmit', '-p', 'tsconfig.json']),
    command('types of the web app', 'tsc', ['--noEmit', '-p', 'apps/web/tsconfig.json']),
    command('oxlint, type-aware', 'oxlint', ['--type-aware', '--quiet', ...(fix ? ['--fix'] : [])]),
    command('format', 'oxfmt', fix ? [] : ['--check']),
  ]
}
