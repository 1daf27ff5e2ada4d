/**
 * Keeps one process of the marketplace running: starts it, starts it again when it ends by itself, stops it.
 *
 * Restarts wait longer each time, and stop after a bounded number in a row, because a process that never comes up needs
 * a person. Tests use `kill9` and `restart` to break things on purpose.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { describeExit, type Exit } from '@isochrone/local-stack'

export interface Startable {
  readonly pid: number | null
  readonly exited: Promise<Exit>
  stop(limitMs?: number): Promise<unknown>
  /** What it said last of its trouble, where that is known. */
  lastError?(): string
}

export interface Supervised {
  readonly name: string
  /** Of the process that runs now; null for a service that the person brought, or while none runs. */
  readonly pid: number | null
  /** Ends it with SIGKILL and leaves it down until `restart`. */
  kill9(): Promise<void>
  /** Starts it when it is down (stopping it first when it is not); resolves when it answers. */
  restart(): Promise<void>
  /** Ends it for good. */
  stop(limitMs?: number): Promise<void>
}

export interface SuperviseOptions {
  readonly name: string
  readonly start: () => Promise<Startable>
  /** Told of crashes and restarts, one line each; a cause that repeats is told once, and when it is given up. */
  readonly note: (line: string) => void
  /** Called when the restarts are used up. */
  readonly onGivenUp: (name: string) => void
  readonly restartsMax?: number
}

const healthyAfterMs = 60_000
const backoffMsMax = 10_000

/** Starts the process; rejects when the first start fails. */
export async function supervise(options: SuperviseOptions): Promise<Supervised> {
  const { name, start, note, onGivenUp, restartsMax = 12 } = options
  let current: Startable | undefined
  let wanted = true
  let failures = 0
  let told: string | undefined

  async function launch(): Promise<void> {
    const started = await start()
    if (!wanted) {
      await started.stop()
      return
    }
    current = started
    const startedAtMs = Date.now()
    void started.exited.then((exit) => {
      if (current !== started) return
      current = undefined
      if (!wanted) return
      if (Date.now() - startedAtMs > healthyAfterMs) {
        failures = 0
        told = undefined
      }
      // One that a signal ended had no trouble of its own.
      const said = exit.signal ? undefined : started.lastError?.()
      void recover(said ? `${describeExit(exit)}: ${said}` : describeExit(exit))
    })
  }

  async function recover(why: string): Promise<void> {
    for (let reason = why; wanted && !current;) {
      failures += 1
      if (failures > restartsMax) {
        note(`${name} ended again (${reason}) and is not restarted any more.`)
        onGivenUp(name)
        return
      }
      const waitMs = Math.min(250 * 2 ** (failures - 1), backoffMsMax)
      const news = reason !== told
      told = reason
      if (news) note(`${name} ended (${reason}); starting it again in ${waitMs} ms.`)
      await sleep(waitMs)
      if (!wanted || current) return
      try {
        await launch()
        if (news) note(`${name} is back.`)
        return
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error)
      }
    }
  }

  async function halt(limitMs?: number): Promise<void> {
    wanted = false
    const running = current
    current = undefined
    await running?.stop(limitMs)
  }

  await launch()
  return {
    name,
    get pid() {
      return current?.pid ?? null
    },
    stop: halt,
    async kill9() {
      wanted = false
      const running = current
      current = undefined
      if (!running?.pid) return
      process.kill(running.pid, 'SIGKILL')
      await running.exited
    },
    async restart() {
      await halt()
      wanted = true
      failures = 0
      told = undefined
      await launch()
    },
  }
}
