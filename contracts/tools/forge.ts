/**
 * Runs forge in this folder, from its binary inside the npm package: `node tools/forge.ts test -vv`.
 *
 * Goes straight to the platform's binary, because the package's own launcher is linked by a step that an install
 * without build scripts leaves out.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { forgeBinary } from './forge-binary.ts'

const result = spawnSync(forgeBinary(), process.argv.slice(2), {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  stdio: 'inherit',
})
if (result.error) process.stderr.write(`forge could not run: ${result.error.message}\n`)
process.exit(result.status ?? 1)
