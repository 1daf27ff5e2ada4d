/** Gateways come and go behind one name: nodes find a new one without a restart, and one that dies takes nobody along. */
import { once } from 'node:events'
import { startGatewayWorld, until, WORLD_KEY } from '../testing/gateway-world.ts'
import { settledBooks } from './books.ts'
import { ask, sleep, type Seen } from './client.ts'
import { unlimited } from './market.ts'
import { must, type Row } from './scenario.ts'

export async function foundGateway(): Promise<Row> {
  const world = await startGatewayWorld(1, 1_000_000_000n)
  try {
    world.redis.on('error', () => undefined)
    await unlimited(world, 'org_w')
    const first = await world.startGateway(0)
    // The agent is told of the first alone.
    const agent = world.startAgent(0, ['--engine', 'simulated', '--gpu', 'B200', '--capacity', '64'])
    await world.linked(1, 0)
    await world.startGateway(1)
    await world.linked(1, 1)
    const headers = { authorization: `Bearer ${WORLD_KEY}` }
    const models = (await (await fetch(`${world.urlOf(1)}/v1/models`, { headers })).json()) as {
      data: { id: string }[]
    }
    const body = {
      model: models.data[0]?.id ?? '',
      messages: [{ role: 'user', content: 'a' }],
      max_tokens: 4,
      stream: true,
    }
    const seen: Seen[] = []
    let [turn, over] = [0, false]
    // As a client behind one name does: another gateway where one does not answer.
    const client = async (): Promise<void> => {
      while (!over) {
        let answer = await ask({ url: world.urlOf(turn++ % 2), key: WORLD_KEY, body })
        if (answer.status !== 200 || !answer.whole) answer = await ask({ url: world.urlOf(1), key: WORLD_KEY, body })
        seen.push(answer)
        await sleep(20)
      }
    }
    const clients = Promise.all([client(), client()])
    await until(async () => seen.length > 20)
    first.kill('SIGKILL')
    await once(first, 'exit')
    const atKill = seen.length
    await until(async () => seen.length > atKill + 20)
    await world.startGateway(0)
    await world.linked(1, 0)
    over = true
    await clients
    must(agent.exitCode === null && agent.signalCode === null, 'the agent was never restarted')
    const answered = seen.filter(({ status, whole }) => status === 200 && whole)
    must(answered.length === seen.length, 'every request is answered, by one of the two', {
      odd: seen.filter(({ status, whole }) => status !== 200 || !whole),
    })
    const books = await settledBooks(
      world.redis,
      answered.map(({ requestId }) => requestId ?? ''),
    )
    return {
      client: `${seen.length} of ${seen.length} answered, ${atKill} before the kill; who was cut asked the other gateway`,
      billed: 'each answer once',
      kept: `${books.receipts} receipts in two lanes; the node found the second gateway by itself, within seconds`,
    }
  } finally {
    await world.stop()
  }
}
