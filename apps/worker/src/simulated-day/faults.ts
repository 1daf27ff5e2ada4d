/**
 * Crashes between any two steps: every call through a port may kill the process right before or right after it is done.
 *
 * A dead process does nothing any more: each further call through its ports throws as well, also after another was
 * started, which has ports of its own. Whether a call is the last is drawn by its name and how often it was made.
 */
import type { DayDraws } from './day-draws.ts'

export class Crash extends Error {
  override readonly name = 'Crash'
}

export interface Faults {
  /** Whether the process has died and was not started again yet. */
  isDead(): boolean
  /** Starts the process again; resolves when nothing of the dead one is under way any more. */
  restart(): Promise<void>
  /** No further crashes: the liveness phase. */
  end(): void
  /** No crash while this lasts. */
  without<T>(work: () => Promise<T>): Promise<T>
  /** How often the process died; and how often right after a call of the chain, whose work was done and not written down. */
  crashes(): { crashes: number; crashesAfterChainCalls: number }
  /** The same ports, each call of which may be the last. */
  inject<T extends object>(ports: T, name: string): T
}

interface Life {
  isDead: boolean
}

/** @param oneIn a crash in so many calls, half of them before the call and half after it. */
export function createFaults(draws: DayDraws, oneIn: number): Faults {
  let life: Life = { isDead: false }
  const underWay = new Set<Promise<unknown>>()
  let hasEnded = false
  let isHeld = false
  let crashes = 0
  let crashesAfterChainCalls = 0

  function mayDie(own: Life, where: string): void {
    if (own.isDead) throw new Crash(`dead before ${where}`)
    if (hasEnded || isHeld || draws.below(where, oneIn * 2) !== 0) return
    own.isDead = true
    crashes += 1
    if (where.startsWith('after chain.')) crashesAfterChainCalls += 1
    throw new Crash(where)
  }

  async function around(own: Life, name: string, call: () => unknown): Promise<unknown> {
    mayDie(own, `before ${name}`)
    const result = await call()
    mayDie(own, `after ${name}`)
    return result
  }

  function noted(work: Promise<unknown>): Promise<unknown> {
    underWay.add(work)
    void work.catch(() => {}).finally(() => underWay.delete(work))
    return work
  }

  function inject<T extends object>(own: Life, ports: T, name: string): T {
    return new Proxy(ports, {
      get(target, key, receiver) {
        const value: unknown = Reflect.get(target, key, receiver)
        const path = `${name}.${String(key)}`
        if (typeof value === 'object' && value !== null) return inject(own, value, path)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) =>
          noted(
            around(own, path, () =>
              Reflect.apply(
                value,
                target,
                args.map((arg) => inside(own, arg, path)),
              ),
            ),
          )
      },
    })
  }

  /** Work that a transaction is given sees ports that fail as well. */
  function inside(own: Life, arg: unknown, path: string): unknown {
    if (typeof arg !== 'function') return arg
    return (tx: object, ...rest: unknown[]) =>
      Reflect.apply(arg, undefined, [inject(own, tx, `${path}.tx`), ...rest]) as unknown
  }

  return {
    isDead: () => life.isDead,
    async restart() {
      await Promise.allSettled(underWay)
      life = { isDead: false }
    },
    end: () => (hasEnded = true),
    async without(work) {
      isHeld = true
      try {
        return await work()
      } finally {
        isHeld = false
      }
    },
    crashes: () => ({ crashes, crashesAfterChainCalls }),
    inject: (ports, name) => inject(life, ports, name),
  }
}
