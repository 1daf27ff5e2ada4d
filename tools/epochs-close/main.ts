/** `npm run epochs:close`: closes the running marketplace's epoch early, so that its receipts settle now. */
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { counted } from '@isochrone/domain'
import { projectRoot } from '../project-root.ts'
import { readInstanceFile } from '../start/instance-file.ts'
import { closeEpoch } from './close-epoch.ts'

const program = new Command('npm run epochs:close --')
  .description('Closes the epoch of the marketplace that runs here, so that its receipts settle now.')
  .option('--data-dir <dir>', 'data directory of the marketplace', join(projectRoot, '.data'))
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()

try {
  const dataDir = resolve(program.opts<{ dataDir: string }>().dataDir)
  const instance = readInstanceFile(dataDir)
  if (!instance) throw new Error(`No marketplace runs on ${dataDir}. Start one with: npm start`)
  const { lane, epochs, receipts, leaves } = await closeEpoch(instance)
  const line =
    epochs.length === 0
      ? 'There are no receipts to close.'
      : `Closed epoch ${epochs.join(', ')} of lane ${lane} with ${counted(receipts, 'receipt', 'receipts')} (${counted(leaves, 'leaf', 'leaves')}).`
  process.stdout.write(`${line}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
