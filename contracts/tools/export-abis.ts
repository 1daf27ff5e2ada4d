/**
 * Writes the ABIs and creation bytecode of our contracts into packages/contracts-client as TypeScript, from forge's
 * build; with `--check` writes nothing, and fails when what is committed is not what the sources give. `--only A,B` exports
 * these alone, whatever the state of the others.
 *
 * The files are committed so that nobody needs a Solidity compiler to install, deploy or read the chain.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { forgeBinary } from './forge-binary.ts'

/** Contract → source file in contracts/src. */
const SOURCES = {
  TestUSDC: 'TestUSDC.sol',
  ProviderRegistry: 'ProviderRegistry.sol',
  ReceiptAnchor: 'ReceiptAnchor.sol',
  SignatureVerifier: 'SignatureVerifier.sol',
  StakeVault: 'StakeVault.sol',
  PaymentChannels: 'PaymentChannels.sol',
  SlaLedger: 'SlaLedger.sol',
  DisputeManager: 'DisputeManager.sol',
  Contradictions: 'Contradictions.sol',
  TimelockController: 'Timelock.sol',
  ReceiptHasher: 'ReceiptHasher.sol',
  RecordPanels: 'RecordPanels.sol',
} as const
type ContractName = keyof typeof SOURCES

interface Artifact {
  abi: unknown[]
  bytecode: { object: string }
  deployedBytecode: { object: string }
}

/** EIP-170: no chain takes more. Forge's own tests do not look. */
const RUNTIME_BYTES_MAX = 24_576

const contractsDir = fileURLToPath(new URL('..', import.meta.url))
const rootDir = join(contractsDir, '..')
const clientDir = join(rootDir, 'packages/contracts-client/src')

const options = flags()
const isCheck = options.check === true
const contracts = (Object.keys(SOURCES) as ContractName[]).filter(
  (name) => options.only === undefined || options.only.split(',').includes(name),
)
build()
const stale: string[] = []
for (const [path, text] of contracts.flatMap(filesOf)) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue
  stale.push(path.slice(rootDir.length + 1))
  if (isCheck) continue
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
for (const path of stale) process.stderr.write(`${isCheck ? 'stale' : 'written'}: ${path}\n`)
if (isCheck && stale.length > 0) {
  process.stderr.write(
    'The committed ABIs are not what contracts/src gives. Run: node contracts/tools/export-abis.ts\n',
  )
  process.exit(1)
}

function flags(): { check?: boolean; only?: string } {
  try {
    return parseArgs({ options: { check: { type: 'boolean' }, only: { type: 'string' } } }).values
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(2)
  }
}

function build(): void {
  const files = contracts.map((name) => `src/${SOURCES[name]}`)
  const result = spawnSync(forgeBinary(), ['build', ...files], { cwd: contractsDir, encoding: 'utf8' })
  if (result.status === 0) return
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}\n`)
  process.exit(1)
}

function filesOf(contract: ContractName): [path: string, text: string][] {
  const file = join(contractsDir, 'out', `${contract}.sol`, `${contract}.json`)
  const artifact = JSON.parse(readFileSync(file, 'utf8')) as Artifact
  const runtimeBytes = (artifact.deployedBytecode.object.length - 2) / 2
  if (runtimeBytes > RUNTIME_BYTES_MAX) {
    throw new Error(`${contract} has ${runtimeBytes} bytes of code; a chain takes ${RUNTIME_BYTES_MAX}`)
  }
  const kebab = contract.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()
  const camel = contract === 'TestUSDC' ? 'testUsdc' : `${contract[0]?.toLowerCase()}${contract.slice(1)}`
  const header = `/** Written by contracts/tools/export-abis.ts from ${contract}.sol; run that instead of editing this. */\n`
  const abi = `${header}export const ${camel}Abi = ${JSON.stringify(artifact.abi)} as const\n`
  const bytecode = `${header}export const ${camel}Bytecode = '${artifact.bytecode.object}' as const\n`
  return [
    [join(clientDir, 'abi', `${kebab}.ts`), formatted(abi)],
    [join(clientDir, 'bytecode', `${kebab}.ts`), formatted(bytecode)],
  ]
}

/** As `npm run format` would leave it, so that formatting never makes a committed file stale. */
function formatted(text: string): string {
  const oxfmt = join(dirname(createRequire(join(rootDir, 'package.json')).resolve('oxfmt/package.json')), 'bin/oxfmt')
  const result = spawnSync(process.execPath, [oxfmt, '--stdin-filepath=abi.ts'], {
    cwd: rootDir,
    input: text,
    encoding: 'utf8',
    maxBuffer: 16 << 20,
  })
  if (result.status !== 0) throw new Error(`oxfmt failed: ${result.stderr}`)
  return result.stdout
}
