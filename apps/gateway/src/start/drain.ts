/**
 * How a gateway ends: it refuses what is new, waits for what runs, and gives up what runs for longer, before its links go and
 * nodes are blamed for it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '@isochrone/domain'
import type { Logger, Shutdown } from '@isochrone/runtime'
import type { Stoppable } from '../requests/stopping.ts'
import type { WaitingRoom } from '../requests/placement/waiting-room.ts'

/** Given up, a node still has 2 s to sign for what it did. */
const GIVE_UP_MS = 4_000

export interface DrainInput {
  room: WaitingRoom
  stopping: Stoppable
  /** Requests that run. */
  active: () => number
  /** How long they are waited for, ms. */
  drainMs: number
  /** Called first of all: who asks from then on is refused. */
  refuseNew: () => void
  logger: Logger
  shutdown: Shutdown
}

/** Registers the steps. They run in reverse, so whatever they need must have been registered before. */
export function drainAtEnd({ room, stopping, active, drainMs, refuseNew, logger, shutdown }: DrainInput): void {
  shutdown.onShutdown('give up', async () => {
    const cut = active()
    if (cut > 0) logger.warn({ cut, drainMs }, 'requests that ran for longer than GATEWAY_DRAIN_MS are cut')
    stopping.stop()
    room.close(aboutToStop(), 'all')
    await drained(active, GIVE_UP_MS)
  })
  shutdown.onShutdown('requests', () => drained(active, drainMs), drainMs + 1_000)
  shutdown.onShutdown('refuse new requests', () => {
    refuseNew()
    logger.info({ running: active(), drainMs }, 'waiting for what runs')
    room.close(aboutToStop(), 'new')
  })
}

async function drained(active: () => number, msMax: number): Promise<void> {
  const deadline = Date.now() + msMax
  while (active() > 0 && Date.now() < deadline) await sleep(20)
}

const aboutToStop = (): AppError =>
  new AppError('capacity_unavailable', { publicMessage: 'This gateway is about to stop.', retryAfterS: 1 })
