/** What a stranger and the guardian do on the simulated day. */
import {
  anchorEpoch,
  claim,
  claimedOf,
  paymentChannelsAbi,
  pauseInflow,
  pendingOf,
  returnSetAside,
  unpauseInflow,
} from '@isochrone/contracts-client'
import { firstFrom, mayBeRefused, type Luck } from './day-luck.ts'
import type { DayWorld } from './day-world.ts'

/** Epochs that a stranger anchors before it claims. */
const ANCHORS_A_CLAIM = 4
/** Those that a stranger looks through for something to claim or to give back. */
const EPOCHS_LOOKED_AT = 6

export interface DayStrangers {
  /** A stranger redeems a voucher that it read in an epoch file, and anchors the epoch first where nobody has. */
  outsideClaim(): Promise<void>
  outsideClaims(): number
  /** A stranger gives back what lies aside for somebody's epoch. */
  returnSetAside(): Promise<void>
  /** The guardian stops deposits, or lets them in again: the other of the two, or as said. */
  pause(isPaused?: boolean): Promise<void>
  pauses(): number
}

export function createDayStrangers(world: DayWorld, luck: Luck): DayStrangers {
  let outsideClaims = 0
  let pauses = 0
  const recentlyClosed = () => world.closed.slice(-EPOCHS_LOOKED_AT)

  async function outsideClaim(): Promise<void> {
    const vouchers = recentlyClosed().flatMap((epoch) => epoch.vouchers.map((voucher) => ({ epoch, voucher })))
    const isDue = async ({ voucher: { value } }: (typeof vouchers)[number]) =>
      (await claimedOf(world.stranger, value)) < value.cumulative
    const chosen = await firstFrom(luck.below(1_000), vouchers, isDue)
    if (!chosen) return
    const { epoch, voucher } = chosen
    // In order: the contract takes no earlier epoch afterwards.
    const ofLane = world.closed.filter(({ lane, epoch: number }) => lane === epoch.lane && number <= epoch.epoch)
    for (const { anchor } of ofLane.slice(-ANCHORS_A_CLAIM))
      await mayBeRefused(() => anchorEpoch(world.stranger, anchor))
    await mayBeRefused(async () => {
      const { paid } = await claim(world.stranger, voucher)
      if (paid > 0n) outsideClaims += 1
    })
  }

  async function giveBack(): Promise<void> {
    const places = recentlyClosed().flatMap(({ lane: { lane }, epoch }) =>
      world.providers.map(({ id: providerId }) => ({ providerId, lane, epoch })),
    )
    const liesAside = async (place: (typeof places)[number]) => (await pendingOf(world.stranger, place)).setAside > 0n
    const chosen = await firstFrom(luck.below(1_000), places, liesAside)
    if (chosen) await mayBeRefused(() => returnSetAside(world.stranger, chosen))
  }

  async function pause(asked?: boolean): Promise<void> {
    const before = await isInflowPaused(world)
    const isPaused = asked ?? !before
    if (isPaused === before) return
    await (isPaused ? pauseInflow(world.administrator) : unpauseInflow(world.administrator))
    if (isPaused) pauses += 1
  }

  return {
    outsideClaim,
    outsideClaims: () => outsideClaims,
    returnSetAside: giveBack,
    pause,
    pauses: () => pauses,
  }
}

/** Asked of the chain: a reorganisation may have taken a pause away, or its end. */
export function isInflowPaused({ reader, deployment }: DayWorld): Promise<boolean> {
  return reader.publicClient.readContract({
    address: deployment.addresses.channels,
    abi: paymentChannelsAbi,
    functionName: 'paused',
  })
}
