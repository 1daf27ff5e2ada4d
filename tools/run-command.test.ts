import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('who ends us by a signal ends what we run too', async () => {
  const script = `import { runCommand } from ${JSON.stringify(join(import.meta.dirname, 'run-command.ts'))}
const sleeper = 'process.stdout.write(String(process.pid)); setTimeout(() => {}, 120_000)'
await runCommand(process.execPath, ['--eval', sleeper], { cwd: '.', onOutput: (text) => process.stdout.write(text) })`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = await once(child.stdout, 'data')
  const sleeper = Number(String(said))
  expect(isAlive(sleeper)).toBe(true)
  child.kill('SIGTERM')
  expect(await once(child, 'close')).toEqual([143, null])
  await expect.poll(() => isAlive(sleeper)).toBe(false)
})
