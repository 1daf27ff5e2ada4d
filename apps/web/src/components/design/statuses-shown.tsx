/** Every state of everything that has one, with what it says on hovering. */
import { disputeLooks } from '~/components/disputes/dispute-badge.tsx'
import { allLooks, LiveBadge, LookBadge, SimulatedBadge, SimulatedNetworkBadge } from '~/components/status.tsx'
import { Badge } from '~/components/ui/badge.tsx'
import { Section } from '~/components/ui/page-header.tsx'

export function StatusesShown() {
  const rows = Object.entries({ ...allLooks, dispute: disputeLooks })
  return (
    <Section title="Status" description="An icon and a word, never colour alone.">
      <dl className="grid gap-x-4 gap-y-2 sm:grid-cols-[8rem_1fr]">
        {rows.map(([of, looks]) => (
          <div key={of} className="contents">
            <dt className="text-ink-2 sm:pt-0.5">{of}</dt>
            <dd className="flex flex-wrap gap-2">
              {Object.entries(looks).map(([state, look]) => (
                <LookBadge key={state} look={look} />
              ))}
            </dd>
          </div>
        ))}
        <dt className="text-ink-2 sm:pt-0.5">tones</dt>
        <dd className="flex flex-wrap gap-2">
          {(['neutral', 'accent', 'good', 'warn', 'bad'] as const).map((tone) => (
            <Badge key={tone} tone={tone}>
              {tone}
            </Badge>
          ))}
        </dd>
        <dt className="text-ink-2 sm:pt-0.5">node and link</dt>
        <dd className="flex flex-wrap gap-2">
          <LiveBadge live />
          <LiveBadge live={false} />
          <SimulatedBadge />
          <SimulatedNetworkBadge />
        </dd>
      </dl>
    </Section>
  )
}
