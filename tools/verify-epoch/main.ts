/**
 * `npm run verify-epoch`: checks a published epoch with public data alone. No account, no database, no key.
 *
 * What it does and says is in `verify-epoch-command.ts`, which tests run as well, without a process for each.
 */
import { endWithoutReader } from '../end-without-reader.ts'
import { verifyEpochCommand } from './verify-epoch-command.ts'

endWithoutReader()
process.exitCode = await verifyEpochCommand(process.argv.slice(2), process)
