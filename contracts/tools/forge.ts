/**
 * Runs forge in this folder, from its binary inside the npm package: `node tools/forge.ts test -vv`.
 *
 * Goes straight to the platform's binary, because the package's own launcher is linked by a step that an install
 * without build scripts leaves out.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { forgeBinary } from './forge-binary.ts'

const child = spawn(forgeBinary(), process.argv.slice(2), {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  stdio: 'inherit',
})
// The terminal sends Ctrl-C to the whole group; whoever ends this process alone means forge too.
process.on('SIGINT', () => undefined)
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  process.stderr.write(`forge could not run: ${error.message}\n`)
  process.exitCode = 1
})
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
