/** The contracts that a gateway signs for, from the deployment file. The gateway itself never talks to the chain. */
import { readFile } from 'node:fs/promises'
import { AppError } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import { z } from 'zod'
import type { LaneContracts } from './lane/lane-contracts.ts'

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((text) => text.toLowerCase() as Hex)
const deployment = z.object({
  chainId: z.int(),
  addresses: z.object({ channels: address, anchor: address, ledger: address }),
})

/** Throws `state_conflict` with the file's name when it is missing or holds something else. */
export async function readContracts(path: string): Promise<LaneContracts> {
  try {
    const { chainId, addresses } = deployment.parse(JSON.parse(await readFile(path, 'utf8')))
    const { channels, anchor, ledger } = addresses
    return { chainId, paymentChannels: channels, receiptAnchor: anchor, slaLedger: ledger }
  } catch (cause) {
    throw new AppError('state_conflict', {
      publicMessage: `${path} does not hold a deployment of the contracts: deploy them first.`,
      cause,
    })
  }
}
