/**
 * A log as a process of its own, for the tests that kill it or leave its disk no room: appends for ever, from several places
 * at once, and says on stdout which lines are on the disk. Ends with what an append failed with. Arguments: the log's path,
 * number of the run.
 */
import { writeSync } from 'node:fs'
import { AppendLog } from './append-log.ts'

const [path = '', run = '0'] = process.argv.slice(2)
const log = await AppendLog.open(path, () => {})

async function appendForEver(worker: number): Promise<never> {
  for (let i = 0; ; i++) {
    const id = `${run}-${worker}-${i}`
    await log.append({ id, text: 'x'.repeat((i * 997) % 20_000) })
    writeSync(1, `${id}\n`)
  }
}

await Promise.all([0, 1, 2, 3].map((worker) => appendForEver(worker))).catch(async (error: NodeJS.ErrnoException) => {
  writeSync(1, `failed with ${error.code}\n`)
  await log.close()
})
