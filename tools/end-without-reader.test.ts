import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('a tool whose reader leaves ends without a word', async () => {
  const helper = join(import.meta.dirname, 'end-without-reader.ts')
  const script = `import { endWithoutReader } from ${JSON.stringify(helper)}
endWithoutReader()
process.stdout.write('x'.repeat(10_000_000))`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaints = ''
  child.stderr.on('data', (text) => (complaints += String(text)))
  await once(child.stdout, 'data')
  child.stdout.destroy()
  expect([await once(child, 'close'), complaints]).toEqual([[0, null], ''])
})
