/** The arbiters: two people of the platform's staff, who sit at the desk with whichever wallets of the roster the chain draws. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { developmentJudges } from '@isochrone/runtime'
import type { Page } from '@playwright/test'
import type { Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { projectRoot } from '../../tools/project-root.ts'
import { signUp } from './people.ts'
import type { Step } from './run-story.ts'
import type { World } from './world.ts'

const execFileAsync = promisify(execFile)
const names = ['Barbara Arbiter', 'Donald Arbiter'] as const

export const staffSteps: readonly Step[] = [
  {
    name: 'staff',
    title: 'Two arbiters sign up, and the operator makes them staff',
    limitMs: 360_000,
    async run(world) {
      for (const name of names) {
        const arbiter = await world.person(name)
        await signUp(world, arbiter, `${name}s`)
        const args = ['tools/grant-admin/main.ts', '--email', arbiter.email, '--data-dir', world.market.info.dataDir]
        await execFileAsync(process.execPath, args, { cwd: projectRoot, timeout: 60_000 })
      }
    },
  },
]

export interface Seat {
  readonly page: Page
  /** The wallet's address, and its name in that browser. */
  readonly address: Hex
  readonly wallet: string
}

/** Two of the three that the chain drew, one after the other, each in a browser of their own with that wallet in it. */
export async function eachOfTwo(
  world: World,
  panel: readonly string[],
  vote: (seat: Seat) => Promise<void>,
): Promise<void> {
  for (const [place, name] of names.entries()) {
    const arbiter = await world.person(name)
    const key = keyOf(panel[place] ?? '0x')
    const wallet = await world.giveWallet(arbiter, key, 'arbiter wallet')
    await vote({ page: arbiter.page, address: privateKeyToAccount(key).address, wallet })
  }
}

/** Of the wallet that the chain drew: on a development machine they are known. */
function keyOf(address: string): Hex {
  const key = developmentJudges.arbiterKeys.find(
    (each) => privateKeyToAccount(each).address.toLowerCase() === address.toLowerCase(),
  )
  if (!key) throw new Error(`The panel holds ${address}, which is no arbiter of this machine.`)
  return key
}
