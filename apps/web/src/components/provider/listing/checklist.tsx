/** How far the listing is, live; what failed says what to do. */
import type { ChecklistItem } from '@isochrone/services'
import { Steps, type StepState } from '~/components/ui/steps.tsx'

const titles: Record<ChecklistItem['step'], string> = {
  machine: 'Machine',
  agent: 'Agent',
  models: 'Models and engine',
  prices: 'Prices',
  promises: 'Promises',
  stake: 'Stake',
  checks: 'Checks',
  chain: 'Chain',
  market: 'Market',
}
const states: Record<ChecklistItem['state'], StepState> = {
  done: 'done',
  waiting: 'waiting',
  failed: 'failed',
  open: 'ahead',
}

export function Checklist({ items }: { items: readonly ChecklistItem[] }) {
  return (
    <aside aria-labelledby="how-far" className="self-start rounded-md border border-line bg-surface p-4">
      <h2 id="how-far" className="mb-3 font-medium">
        How far it is
      </h2>
      <Steps
        label="How far the listing is"
        direction="column"
        steps={items.map(({ step, state, text, fix }) => ({
          key: step,
          title: titles[step],
          state: states[state],
          hint: state !== 'failed' && fix ? `${text} ${fix}` : text,
          fix,
        }))}
      />
    </aside>
  )
}
