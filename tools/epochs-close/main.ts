/** `npm run epochs:close`: closes the running marketplace's epoch early, so that its receipts settle now. */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { projectRoot } from '../project-root.ts'
import { readInstanceFile } from '../start/instance-file.ts'
import { closeEpoch } from './close-epoch.ts'

const { values } = parseArgs({ options: { 'data-dir': { type: 'string' }, help: { type: 'boolean' } } })
if (values.help) {
  process.stdout.write('npm run epochs:close -- [--data-dir DIR]\n')
  process.exit(0)
}
const instance = readInstanceFile(resolve(values['data-dir'] ?? join(projectRoot, '.data')))
if (!instance) {
  process.stderr.write('No marketplace runs here. Start one with: npm start\n')
  process.exit(1)
}
try {
  const { lane, epochs, receipts } = await closeEpoch(instance)
  const line =
    epochs.length === 0
      ? 'There are no receipts to close.'
      : `Closed epoch ${epochs.join(', ')} of lane ${lane} with ${receipts} receipts.`
  process.stdout.write(`${line}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
