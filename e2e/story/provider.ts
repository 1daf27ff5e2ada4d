/** The provider: signs up, becomes one, and takes two machines through the wizard by real agents until both are on the market. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { spawnProcess, type RunningProcess } from '@isochrone/local-stack'
import { childEnv } from '@isochrone/runtime'
import type { Hex } from 'viem'
import { readFileSync } from 'node:fs'
import { projectRoot } from '../../tools/project-root.ts'
import { signUp } from './people.ts'
import type { Step } from './run-story.ts'
import { expect, type StoryNode, type World } from './world.ts'

const execFileAsync = promisify(execFile)

interface Machine {
  readonly name: string
  readonly region: string
  readonly country: string
  /** $ for 10⁶ tokens out. */
  readonly outUsd: string
}

/** The second is the cheaper one: a lease that moves is never moved to a dearer node than was agreed. */
export const machines = {
  first: { name: 'ada-1', region: 'eu-west', country: 'NL', outUsd: '2' },
  second: { name: 'ada-2', region: 'eu-west', country: 'NL', outUsd: '1' },
} as const satisfies Record<string, Machine>

/** A promise that a busy machine keeps and a frozen one breaks. */
export const promisedTtftMs = 2_000
export const stakeUsd = '500'
const penaltyPercent = 10

export const providerSteps: readonly Step[] = [
  {
    name: 'provider',
    title: 'A provider signs up, and its own wallet signs that it is the one to be paid',
    limitMs: 300_000,
    async run(world) {
      const { provider } = world
      await signUp(world, provider, world.providerName)
      const { page } = provider
      await page.goto(`${world.market.info.url}/provider/list`)
      await page.getByRole('button', { name: `Be paid to ${provider.name} wallet` }).click()
      await expect(page.getByText('This wallet has signed that it is to be paid.')).toBeVisible()
      await expect(page.getByLabel('Payout address')).toHaveValue(new RegExp(provider.account.address, 'i'))
      await page.getByRole('button', { name: 'Become a provider' }).click()
      await expect(page.getByRole('button', { name: 'List a node' }).first()).toBeVisible()
    },
  },
  {
    name: 'list-1',
    title: 'It lists its first node: wizard, agent, prices, promises, stake, checks, live',
    limitMs: 600_000,
    run: (world) => listNode(world, machines.first, '0.09'),
  },
  {
    name: 'list-2',
    title: 'It lists its second node',
    limitMs: 600_000,
    run: (world) => listNode(world, machines.second, '0.06'),
  },
]

async function listNode(world: World, machine: Machine, gpuHourUsd: string): Promise<string> {
  const { page } = world.provider
  await page.goto(`${world.market.info.url}/provider/list`)
  await page.getByRole('button', { name: 'List a node' }).first().click()
  await page.getByLabel('Node name').fill(machine.name)
  await page.getByLabel('Region', { exact: true }).fill(machine.region)
  await page.getByLabel('Country').fill(machine.country)
  await page.getByLabel('Other nodes run on the same host.').check()
  await page.getByRole('button', { name: 'Save and go on' }).click()

  const dataDir = join(world.dir, machine.name)
  const agent = await joinAndRun(world, machine, dataDir)
  const checklist = page.getByRole('complementary', { name: 'How far it is' })
  await expect(checklist).toContainText('runs and serves 1 model', { timeout: 90_000 })
  const config = JSON.parse(readFileSync(join(dataDir, 'agent.json'), 'utf8')) as { nodeId: Hex }

  // What the agent serves is ticked by itself; it is listed because the engine answers for it.
  await page.getByRole('link', { name: 'Go on to models and engine' }).click()
  await expect(page.getByRole('checkbox', { checked: true })).toHaveCount(1)
  await expect(page.getByLabel('Engine')).toHaveValue('llama.cpp')
  await page.getByRole('button', { name: 'Save and go on' }).click()
  await expect(checklist).toContainText(/llama\.cpp \S+ answers for/, { timeout: 60_000 })

  await page.getByLabel('Input', { exact: true }).fill('0.5')
  await page.getByLabel('Cached input', { exact: true }).fill('0.25')
  await page.getByLabel('Output', { exact: true }).fill(machine.outUsd)
  await page.getByLabel('One GPU, or the CPU, for an hour', { exact: true }).fill(gpuHourUsd)
  await page.getByRole('button', { name: 'Save and go on' }).click()

  await page.getByLabel('First token within').fill(String(promisedTtftMs))
  await page.getByLabel('Attempts at once').fill('8')
  await page.getByLabel('Comes back when broken').fill(String(penaltyPercent))
  await page.getByRole('button', { name: 'Save and go on' }).click()

  // Its own money, from its own wallet; for the second node the vault holds it already, and nothing is sent.
  const held = machine === machines.first ? /of your wallet are in the vault/ : /already\. Nothing was sent\./
  await page.getByLabel('Your stake is to be at least').fill(stakeUsd)
  await page.getByRole('button', { name: `Stake with ${world.provider.name} wallet` }).click()
  await expect(page.getByText(held)).toBeVisible({ timeout: 90_000 })
  await expect(checklist).toContainText(`$${stakeUsd}.00 are staked on the chain.`, { timeout: 60_000 })
  await page.getByRole('link', { name: 'Go on to check and list' }).click()

  await page.getByRole('button', { name: 'Check and list' }).click()
  await expect(page.getByText('It is on the market.').first()).toBeVisible({ timeout: 180_000 })
  const href = await page.getByRole('link', { name: 'See its offer' }).getAttribute('href')
  const offerId = href?.split('/').at(-1) ?? ''
  await expect(checklist).toContainText('none is invalid')
  const node: StoryNode = { name: machine.name, dataDir, offerId, nodeId: config.nodeId, agent }
  world.nodes.set(machine.name, node)
  return `${machine.name} is offer ${offerId}`
}

/** Runs the two commands that the wizard shows, in a folder of the story instead of the project's. */
async function joinAndRun(world: World, machine: Machine, dataDir: string): Promise<RunningProcess> {
  const { page } = world.provider
  await page.getByRole('button', { name: 'Make the command' }).click()
  const env = childEnv({ LOG_LEVEL: 'info' })
  const join = await shownCommand(world, 'agent join command', machine, dataDir)
  await execFileAsync(process.execPath, join, { cwd: projectRoot, env, timeout: 60_000 })
  const run = await shownCommand(world, 'agent run command', machine, dataDir)
  return spawnProcess({
    name: `agent ${machine.name}`,
    command: process.execPath,
    // The runner would stand between the signals of this story and the agent: its program is started as it starts it.
    args: ['--disable-warning=ExperimentalWarning', ...run.slice(1)],
    cwd: projectRoot,
    logFile: `${dataDir}.log`,
    env,
  })
}

/** The arguments after `node`, with the folder that the command names moved into the story's own. */
async function shownCommand(world: World, label: string, machine: Machine, dataDir: string): Promise<string[]> {
  const text = await world.provider.page.getByRole('region', { name: label }).innerText()
  const [program, ...args] = text.trim().split(/\s+/)
  if (program !== 'node' || args[0] !== 'tools/run.mjs') throw new Error(`The wizard shows another command: ${text}`)
  const folder = args.findIndex((arg) => arg.startsWith(`.data/${machine.name}-`))
  if (folder < 0) throw new Error(`The command names no folder of this node: ${text}`)
  return args.toSpliced(folder, 1, dataDir)
}
