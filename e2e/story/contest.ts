/**
 * The contest: credited out of its stake for one record, the provider contests the next one of that node before it is final. Three
 * arbiters are drawn, two judge it with their own wallets, and the second vote carries it out: the bond is lost and the record is final.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { recordCaseOf, standingOf, type RecordKey } from '@isochrone/contracts-client'
import type { Hex } from 'viem'
import { eachOfTwo, type Seat } from './arbiters.ts'
import { allEvents, eventOf } from './breach.ts'
import { machines } from './provider.ts'
import type { Step } from './run-story.ts'
import { expect, nodeOf, type World } from './world.ts'

export const contestSteps: readonly Step[] = [
  {
    name: 'contest-record',
    title: 'The provider contests the next record of that node before it is final, with a bond',
    limitMs: 600_000,
    async run(world) {
      // A window may close while the form is filled in: then the next record is taken.
      await expect(async () => {
        if (!(await challengeOf(world))) await contestNewest(world)
        expect(await challengeOf(world)).toBeTruthy()
      }).toPass({ timeout: 550_000, intervals: [1_000] })
      await world.traffic?.stop()
      const { epoch } = await contestedRecord(world)
      return `the record of epoch ${epoch} is contested`
    },
  },
  {
    name: 'judge-record',
    title: 'Two arbiters of the panel rehearse, sign and judge the record',
    limitMs: 600_000,
    async run(world) {
      const record = await contestedRecord(world)
      await eachOfTwo(world, await panelOf(world, record), (seat) => judge(world, seat, record))
      const ruled = await eventOf(world, ({ eventName }) => eventName === 'ChallengeResolved')
      if (ruled.eventName !== 'ChallengeResolved') throw new Error('unreachable')
      expect(ruled.args.upheld, 'both said that the record stands').toBe(false)
      return 'the record stands'
    },
  },
  {
    name: 'record-final',
    title: 'It is executed: the bond is lost, the record is final, and what it releases is paid',
    limitMs: 600_000,
    async run(world) {
      const record = await contestedRecord(world)
      const isThat = ({ args }: { args: object }) =>
        'nodeId' in args && args.nodeId === record.nodeId && 'epoch' in args && args.epoch === BigInt(record.epoch)
      const final = await eventOf(world, (event) => event.eventName === 'RecordFinal' && isThat(event))
      if (final.eventName !== 'RecordFinal') throw new Error('unreachable')
      expect((await standingOf(world.reader, record))?.status).toBe('final')
      const { page } = world.provider
      await page.goto(`${world.market.info.url}/epochs/${record.lane}/${record.epoch}/records/${record.nodeId}`)
      const track = page.getByRole('list', { name: 'Release' })
      await expect(async () => {
        await page.reload()
        await expect(track.locator('[aria-current="step"]')).toContainText('paid out', { timeout: 5_000 })
      }).toPass({ timeout: 240_000 })
      return `${final.args.released} µUSD were released`
    },
  },
]

/** The first that anybody made. */
async function challengeOf(world: World): Promise<RecordKey | null> {
  for (const event of await allEvents(world)) {
    if (event.eventName !== 'RecordChallenged') continue
    const { nodeId, lane, epoch } = event.args
    return { nodeId, lane, epoch: Number(epoch) }
  }
  return null
}

async function contestedRecord(world: World): Promise<RecordKey> {
  const record = await challengeOf(world)
  if (!record) throw new Error('No record is contested: an earlier step was left out.')
  return record
}

/** From the newest record that is not final to the form that contests it; throws where its window has closed. */
async function contestNewest(world: World): Promise<void> {
  const { page } = world.provider
  const { nodeId } = nodeOf(world, machines.second.name)
  const { lane, epoch } = await newestReported(world, nodeId)
  await page.goto(`${world.market.info.url}/epochs/${lane}/${epoch}/records/${nodeId}`)
  await page.getByRole('link', { name: 'Challenge', exact: true }).click({ timeout: 10_000 })
  await page
    .getByLabel('Evidence')
    .fill('The node answered at once; whatever was late was late on the way to it. Recount its first tokens.')
  await page.getByRole('button', { name: /^File with a bond of/ }).click({ timeout: 10_000 })
  await expect(page.getByText('Ordered: the platform’s account sends it')).toBeVisible({ timeout: 20_000 })
  // Until the worker has sent it, or the contract has refused it because its window closed meanwhile.
  for (let waitedMs = 0; waitedMs < 20_000 && !(await challengeOf(world)); waitedMs += 1_000) await sleep(1_000)
}

/** Of a node, what was reported last: its window is the last to close. */
async function newestReported(world: World, nodeId: Hex): Promise<{ lane: Hex; epoch: bigint }> {
  const reported = (await allEvents(world)).findLast(
    (event) => event.eventName === 'RecordReported' && event.args.nodeId === nodeId,
  )
  if (reported?.eventName !== 'RecordReported') throw new Error('No record of the node is reported.')
  return reported.args
}

async function panelOf(world: World, record: RecordKey): Promise<readonly string[]> {
  let panel: readonly string[] = []
  await expect(async () => {
    const { open } = await recordCaseOf(world.reader, record)
    panel = (open?.panel ?? []).map(({ address }) => address)
    expect(panel).toHaveLength(3)
  }).toPass({ timeout: 60_000, intervals: [1_000] })
  return panel
}

async function judge(world: World, { page, address, wallet }: Seat, { epoch }: RecordKey): Promise<void> {
  await page.goto(`${world.market.info.url}/admin/disputes`)
  await page.getByRole('link', { name: `${machines.second.name}, epoch ${epoch}` }).click()
  await page.getByRole('button', { name: `Connect with ${wallet}` }).click()
  await page
    .getByLabel('Reason', { exact: true })
    .fill('Recomputed from the epoch’s file: its counts follow from its receipts.')
  await page.getByRole('button', { name: 'Rehearse' }).click()
  await page.getByRole('button', { name: `Sign the vote on epoch ${epoch}` }).click()
  await eventOf(world, (event) => event.eventName === 'RecordVoteCast' && event.args.arbiter === address)
}
