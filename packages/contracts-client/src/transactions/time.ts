/** Time as an argument: the transaction manager never reads a clock itself, so that tests can drive it. */
import { setTimeout as delay } from 'node:timers/promises'

export interface Time {
  nowMs(): number
  sleep(ms: number): Promise<void>
}

export const systemTime: Time = {
  nowMs: () => Date.now(),
  sleep: async (ms) => {
    await delay(ms)
  },
}
