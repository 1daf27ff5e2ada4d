/** A process that is stopped and goes on serves all that was on its way to it, though that takes it a while. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { BEHIND_MS_MAX } from './watch-loop.ts'

const WORK_MS = 20
/** Most of a second of work: longer than what is in time, shorter than what is load. */
const REQUESTS = 40

let child: ChildProcess | undefined
let sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  sockets = []
  child?.kill('SIGKILL')
})

test('what came while it stood still is not refused', async () => {
  child = spawn(process.execPath, [join(import.meta.dirname, 'busy-process.ts'), String(WORK_MS)])
  const [said] = (await once(child.stdout ?? child, 'data')) as [Buffer]
  const port = Number(said.toString())
  sockets = await Promise.all(Array.from({ length: REQUESTS }, () => connected(port)))
  // Each is open and known to it.
  await Promise.all(sockets.map((socket) => statusOf(socket)))
  await sleep(500)

  child.kill('SIGSTOP')
  const answers = sockets.map((socket) => statusOf(socket))
  await sleep(BEHIND_MS_MAX + 1_000)
  child.kill('SIGCONT')
  expect(new Set(await Promise.all(answers))).toEqual(new Set([200]))
})

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** Of one request on a connection that stays. */
async function statusOf(socket: Socket): Promise<number> {
  const answered = once(socket, 'data') as Promise<[Buffer]>
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const [answer] = await answered
  return Number(answer.toString().split(' ')[1])
}
