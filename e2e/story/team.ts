/** The team: signs in with its own wallet, funds its channel from it, makes a key and begins to use the API. */
import OpenAI from 'openai'
import { signUpWithWallet } from './people.ts'
import type { Step } from './run-story.ts'
import { startTraffic } from './traffic.ts'
import { expect, type World } from './world.ts'

/** What the team deposits, µUSD. */
export const depositMicroUsd = 20_000_000n

export const teamSteps: readonly Step[] = [
  {
    name: 'team',
    title: 'A team signs in with its wallet, deposits $20 and signs the ceiling',
    limitMs: 360_000,
    async run(world) {
      const { team } = world
      await signUpWithWallet(world, team, 'Grace Research')
      const { page } = team
      await page.goto(`${world.market.info.url}/balance`)
      await page.getByRole('textbox', { name: 'Deposit from your wallet' }).fill('20')
      await page.getByRole('button', { name: `Deposit with ${team.name} wallet` }).click()
      await expect(page.getByText('Deposited, and the ceiling is on the chain.')).toBeVisible()
      const movements = page.getByRole('table', { name: 'Movements' })
      await expect(movements.getByText('ceiling raised to')).toBeVisible()
      await expect(page.locator('dl').first()).toContainText('$20.00')
    },
  },
  {
    name: 'requests',
    title: 'It makes an API key, and sends requests to the market from here on',
    limitMs: 300_000,
    async run(world) {
      world.apiKey = await createKey(world)
      const { baseURL } = clientOptions(world)
      const openai = new OpenAI({ baseURL, apiKey: world.apiKey, maxRetries: 0 })
      await expect(async () => {
        const [first] = (await openai.models.list()).data
        world.model = first?.id ?? ''
        const messages = [{ role: 'user' as const, content: 'Say something.' }]
        const answer = await openai.chat.completions.create({ model: world.model, messages, max_tokens: 8 })
        expect(answer.usage?.completion_tokens).toBeGreaterThan(0)
      }).toPass({ timeout: 60_000 })
      world.traffic = startTraffic({ ...clientOptions(world), apiKey: world.apiKey, model: world.model })
      return `${world.model} answers`
    },
  },
]

export const clientOptions = (world: World) => ({ baseURL: `${world.market.info.gatewayUrl}/v1` })

async function createKey(world: World): Promise<string> {
  const { page } = world.team
  await page.goto(`${world.market.info.url}/keys`)
  await page.getByRole('button', { name: 'Create key' }).first().click()
  await page.getByLabel('Name').fill('story')
  await page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click()
  const secret = await page.getByTestId('secret').innerText()
  await page.getByRole('button', { name: 'I have stored it' }).click()
  return secret
}
