/**
 * Which epochs are closed early because a payer has asked money back, and when.
 *
 * A close costs whoever runs the lane an anchor, and asking back one micro-USD costs a payer next to nothing. So a lane is
 * asked once when a thaw begins, at least interval apart while its end is near, and once after it; and only a lane that has
 * signed something on that channel which no closed epoch covers. Nothing is lost in between: gateways give no more credit
 * than what stays in the channel, and a lane closes its epochs in its own time anyway, claims being taken until the
 * withdrawal itself.
 */
import { toAppError } from '@isochrone/domain'
import type { ChainReads } from '../ports/chain-port.ts'
import type { EpochStore } from '../ports/epoch-store.ts'
import type { Stuck } from '../epochs/settlement-deps.ts'

export interface Thaw {
  channelId: string
  /** Chain time, s; names the thaw as well: another request has another end. */
  endsAtS: bigint | null
}

export interface CloseDeps {
  epochs: Pick<EpochStore, 'openLanes'>
  chain: Pick<ChainReads, 'head'>
  gateways: {
    /** Asks the gateways of these lanes to close their epochs now; those that did. Nothing signed: nothing to close. */
    closeEpochs(lanes: readonly string[]): Promise<string[]>
  }
  /** Of a lane, as gateways are configured, ms. */
  epochMs: number
}

/** What a process keeps between rounds. One that starts anew asks once more, and no harm is done. */
export interface CloseMemory {
  /** By channel: the thaw, and which lanes have closed in which part of it. */
  thaws: Map<string, { endsAtS: bigint | null; closed: Set<string> }>
  /** By lane, chain time, s. */
  askedAtS: Map<string, number>
}

export const newCloseMemory = (): CloseMemory => ({ thaws: new Map(), askedAtS: new Map() })

/** The end is near when the epoch after the running one might close behind it. */
const NEAR_EPOCHS = 2
/** However many payers ask money back: a lane closes early this many times an epoch at most. */
const CLOSES_AN_EPOCH_MAX = 4

type Part = 'begun' | 'near' | 'over'

export async function closeForThaws(
  deps: CloseDeps,
  thaws: readonly Thaw[],
  memory: CloseMemory,
  stuck: Stuck[],
): Promise<void> {
  forgetOthers(memory, thaws)
  if (thaws.length === 0) return
  const { nowS } = await deps.chain.head()
  const epochS = deps.epochMs / 1_000
  const due = new Map<string, (() => void)[]>()
  for (const thaw of thaws) {
    const part = partOf(thaw, nowS, epochS)
    const { closed } = remembered(memory, thaw)
    for (const lane of await deps.epochs.openLanes(thaw.channelId)) {
      const key = `${part} ${lane}`
      const lastS = memory.askedAtS.get(lane)
      if (lastS !== undefined && nowS - lastS < epochS / CLOSES_AN_EPOCH_MAX) continue
      if (part !== 'near' && closed.has(key)) continue
      due.set(lane, [...(due.get(lane) ?? []), () => closed.add(key)])
    }
  }
  if (due.size === 0) return
  const lanes = [...due.keys()]
  for (const lane of lanes) memory.askedAtS.set(lane, nowS)
  await ask(deps, lanes, stuck, (lane) => due.get(lane)?.forEach((note) => note()))
}

/** A gateway that is away is asked again; what is closed already is claimed all the same. */
async function ask(
  { gateways }: CloseDeps,
  lanes: readonly string[],
  stuck: Stuck[],
  note: (lane: string) => void,
): Promise<void> {
  try {
    const closed = new Set(await gateways.closeEpochs(lanes))
    for (const lane of lanes) {
      if (closed.has(lane)) note(lane)
      else stuck.push({ lane, epoch: 0n, reason: 'No gateway has closed its epoch for a withdrawal.' })
    }
  } catch (error) {
    stuck.push({ lane: 'gateways', epoch: 0n, reason: toAppError(error).publicMessage })
  }
}

function partOf({ endsAtS }: Thaw, nowS: number, epochS: number): Part {
  if (endsAtS === null) return 'begun'
  const leftS = Number(endsAtS) - nowS
  if (leftS <= 0) return 'over'
  return leftS <= NEAR_EPOCHS * epochS ? 'near' : 'begun'
}

function remembered({ thaws }: CloseMemory, { channelId, endsAtS }: Thaw) {
  let known = thaws.get(channelId)
  if (!known) thaws.set(channelId, (known = { endsAtS, closed: new Set() }))
  return known
}

/** Thaws that ended in a withdrawal, or began anew. */
function forgetOthers({ thaws: known }: CloseMemory, thaws: readonly Thaw[]): void {
  const ends = new Map(thaws.map(({ channelId, endsAtS }) => [channelId, endsAtS]))
  for (const [channelId, { endsAtS }] of known) if (ends.get(channelId) !== endsAtS) known.delete(channelId)
}
