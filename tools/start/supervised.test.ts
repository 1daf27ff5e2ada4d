import { expect, test, vi } from 'vitest'
import type { Exit } from '@isochrone/local-stack'
import { supervise, type Startable } from './supervised.ts'

/** A process that ends when told to. */
function fakeProcess(pid: number) {
  let end: (exit: Exit) => void = () => {}
  const exited = new Promise<Exit>((resolve) => {
    end = resolve
  })
  const stop = vi.fn(async () => end({ code: 0, signal: null }))
  return { pid, exited, stop, crash: () => end({ code: 1, signal: null }) }
}

function starter() {
  const processes: ReturnType<typeof fakeProcess>[] = []
  const start = async (): Promise<Startable> => {
    const made = fakeProcess(1_000_000_000 + processes.length)
    processes.push(made)
    return made
  }
  return { processes, start }
}

test('a process that crashes is started again, and the person is told what and why', async () => {
  const { processes, start } = starter()
  const notes: string[] = []
  const child = await supervise({ name: 'The worker', start, note: (line) => notes.push(line), onGivenUp: () => {} })
  processes[0]?.crash()
  await vi.waitFor(() => expect(child.pid).toBe(processes[1]?.pid), 20_000)
  expect(notes).toEqual(['The worker ended (exit code 1); starting it again in 250 ms.', 'The worker is back.'])
  await child.stop()
})

test('one that never comes back is given up after a bounded number of starts', async () => {
  let starts = 0
  const first = fakeProcess(1_000_000_000)
  const givenUp = vi.fn()
  const start = async () => {
    starts += 1
    if (starts === 1) return first
    throw new Error('no')
  }
  await supervise({ name: 'x', start, note: () => {}, onGivenUp: givenUp, restartsMax: 2 })
  first.crash()
  await vi.waitFor(() => expect(givenUp).toHaveBeenCalledWith('x'), { timeout: 20_000 })
  expect(starts).toBe(3)
})

test('a cause that repeats is told once, and again when it is given up', async () => {
  const notes: string[] = []
  const start = async (): Promise<Startable> => {
    const made = fakeProcess(1_000_000_000)
    setTimeout(made.crash, 1)
    return { ...made, lastError: () => 'no such file' }
  }
  await supervise({ name: 'The agent', start, note: (line) => notes.push(line), onGivenUp: () => {}, restartsMax: 3 })
  const end = 'The agent ended again (exit code 1: no such file) and is not restarted any more.'
  await vi.waitFor(() => expect(notes.at(-1)).toBe(end), { timeout: 20_000 })
  expect(notes).toEqual([
    'The agent ended (exit code 1: no such file); starting it again in 250 ms.',
    'The agent is back.',
    end,
  ])
})

test('one that was stopped stays down, and a stop while it waits to restart holds', async () => {
  const { processes, start } = starter()
  const child = await supervise({ name: 'x', start, note: () => {}, onGivenUp: () => {} })
  processes[0]?.crash()
  await Promise.resolve()
  await child.stop()
  await new Promise((resolve) => setTimeout(resolve, 400))
  expect(processes).toHaveLength(1)
  await child.restart()
  expect(processes).toHaveLength(2)
  await child.stop()
  expect(processes[1]?.stop).toHaveBeenCalledOnce()
})
