/** What the machine says of itself. A claim: attestation and challenges come later, and the market treats it as one. */
import { execFile } from 'node:child_process'
import { cpus, release, totalmem, type } from 'node:os'
import { promisify } from 'node:util'
import type { NodeInventory } from '@isochrone/protocol'

export const agentVersion = '0.1.0'

const NVIDIA_SMI_TIMEOUT_MS = 5_000
const MIB = 1024 * 1024
const run = promisify(execFile)

type Gpu = NodeInventory['gpus'][number]

/** Hardware of this machine. GPUs are empty where `nvidia-smi` is missing or fails. */
export async function readInventory(hardwareLabel?: string): Promise<NodeInventory> {
  const cores = cpus()
  const cpuModel = cores[0]?.model.trim() || 'unknown CPU'
  const gpus = await readGpus()
  const [first] = gpus
  const measured = first ? `${first.count} × ${first.name}` : `${cpuModel} (${cores.length} cores)`
  return {
    hardware: (hardwareLabel ?? measured).slice(0, 200),
    cpuModel: cpuModel.slice(0, 200),
    cpuCores: cores.length,
    memoryMib: Math.floor(totalmem() / MIB),
    gpus,
    agentVersion,
    os: `${type()} ${release()}`.slice(0, 80),
  }
}

async function readGpus(): Promise<Gpu[]> {
  const query = ['--query-gpu=name,memory.total,uuid', '--format=csv,noheader,nounits']
  const result = await run('nvidia-smi', query, { timeout: NVIDIA_SMI_TIMEOUT_MS }).catch(() => undefined)
  return result ? parseGpus(result.stdout) : []
}

/** Groups the lines of `nvidia-smi` (name, MiB, UUID) by name and memory. Lines that do not parse are dropped. */
export function parseGpus(csv: string): Gpu[] {
  const groups = new Map<string, Gpu>()
  for (const line of csv.split('\n')) {
    const [name, memory, uuid] = line.split(',').map((field) => field.trim())
    const memoryMib = Number(memory)
    if (!name || !uuid || !Number.isInteger(memoryMib) || memoryMib <= 0) continue
    const group = groups.get(`${name} ${memoryMib}`) ?? { name: name.slice(0, 100), count: 0, memoryMib, uuids: [] }
    group.count += 1
    if (group.uuids.length < 64) group.uuids.push(uuid.slice(0, 80))
    groups.set(`${name} ${memoryMib}`, group)
  }
  return [...groups.values()].slice(0, 16)
}
