/**
 * Crashes between any two steps: every call through a port may kill the process right before or right after it is done.
 *
 * A dead process does nothing any more: each further call through its ports throws as well, until it is started again.
 */
import type { Prng } from '@isochrone/domain'

export class Crash extends Error {
  override readonly name = 'Crash'
}

export interface Faults {
  /** Whether the process has died and was not started again yet. */
  isDead(): boolean
  restart(): void
  /** No further crashes: the liveness phase. */
  end(): void
  crashes(): number
  /** The same ports, each call of which may be the last. */
  inject<T extends object>(ports: T, name: string): T
}

/** @param oneIn a crash in so many calls, half of them before the call and half after it. */
export function createFaults(rng: Prng, oneIn: number): Faults {
  let isDead = false
  let hasEnded = false
  let crashes = 0

  function mayDie(where: string): void {
    if (isDead) throw new Crash(`dead before ${where}`)
    if (hasEnded || rng.below(oneIn * 2) !== 0) return
    isDead = true
    crashes += 1
    throw new Crash(where)
  }

  async function around(name: string, call: () => unknown): Promise<unknown> {
    mayDie(`before ${name}`)
    const result = await call()
    mayDie(`after ${name}`)
    return result
  }

  function inject<T extends object>(ports: T, name: string): T {
    return new Proxy(ports, {
      get(target, key, receiver) {
        const value: unknown = Reflect.get(target, key, receiver)
        const path = `${name}.${String(key)}`
        if (typeof value === 'object' && value !== null) return inject(value, path)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) =>
          around(path, () =>
            Reflect.apply(
              value,
              target,
              args.map((arg) => inside(arg, path)),
            ),
          )
      },
    })
  }

  /** Work that a transaction is given sees ports that fail as well. */
  function inside(arg: unknown, path: string): unknown {
    if (typeof arg !== 'function') return arg
    return (tx: object, ...rest: unknown[]) =>
      Reflect.apply(arg, undefined, [inject(tx, `${path}.tx`), ...rest]) as unknown
  }

  return {
    isDead: () => isDead,
    restart: () => (isDead = false),
    end: () => (hasEnded = true),
    crashes: () => crashes,
    inject,
  }
}
