/** A provider's nodes, how busy and how verified they are, and what they earned; for others, how to become one. */
import type { ProviderNode, ProviderVerification } from '@isochrone/services'
import { Server } from 'lucide-react'
import { Link } from '~/components/ui/link.tsx'
import { EarningsTables } from '~/components/provider/earnings-tables.tsx'
import { BreachForecasts } from '~/components/provider/breach-forecast.tsx'
import { BrokenPromises } from '~/components/provider/broken-promises.tsx'
import { BecomeProvider } from '~/components/provider/become-provider.tsx'
import { NodesTable, TokensTable } from '~/components/provider/nodes-tables.tsx'
import { RecountsTable } from '~/components/recounts-table.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'
import { formatCount, formatShare } from '~/lib/words/format.ts'
import { pageData } from '~/server/page-data.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'Provider' }

export default async function ProviderPage() {
  const organisation = await requireOrganisation('/provider')
  if (!organisation.providerId) {
    return (
      <>
        <PageHeader
          title="Become a provider"
          description="List your accelerators, run one agent that dials out, set prices, and be paid for exactly what was delivered."
        />
        <BecomeProvider
          orgId={organisation.id}
          name={organisation.name}
          disabledReason={adminOnlyReason(organisation)}
        />
      </>
    )
  }
  const [overview, nodes, earnings, tokens, verification, broken, forecast] = await pageData('/provider', (api) =>
    Promise.all([
      api.provider.overview(),
      api.provider.nodes(),
      api.provider.earnings(),
      api.provider.joinTokens(),
      api.provider.verification(),
      api.provider.broken(),
      api.provider.breachForecast(),
    ]),
  )
  const { provider } = overview
  const streams = streamsOf(nodes)
  const standings = verification.map(({ standing }) => standing)
  const failed = standings.filter((standing) => standing === 'failed').length
  const open = tokens.filter(({ status }) => status === 'open')
  return (
    <>
      <PageHeader
        title={provider.name}
        description={
          <>
            Paid to {provider.payoutCustody === 'managed' && 'a managed account, '}
            <Hash value={provider.payoutAddress} label="payout address" />, less a fee of {provider.feeBps / 100} %.
          </>
        }
        actions={
          <>
            <LiveRefresh intervalMs={5_000} />
            <ButtonLink href="/provider/list" tone="primary">
              List a node
            </ButtonLink>
          </>
        }
      />
      <FailedNodes verification={verification} />
      {!provider.registeredTx && <Notice className="mb-4">The registration is on its way to the chain.</Notice>}
      <Stats
        items={[
          { label: 'Earned', value: <Money microUsd={overview.earnedMicroUsd} />, hint: 'receipts, less refunds' },
          {
            label: 'Paid out, net',
            value: <Money microUsd={overview.paidNetMicroUsd} />,
            hint: (
              <>
                fee <Money microUsd={overview.paidFeeMicroUsd} />
              </>
            ),
          },
          {
            label: 'Not settled yet',
            value: <Money microUsd={overview.pendingMicroUsd} />,
            hint: (
              <>
                open epoch <Money microUsd={earnings.openMicroUsd} />
              </>
            ),
          },
          { label: 'Nodes live', value: `${overview.nodesLive} of ${overview.nodesTotal}` },
          {
            label: 'Utilisation now',
            value: streams.room > 0 ? formatShare(streams.active / streams.room) : '—',
            hint: `${formatCount(streams.active)} of ${formatCount(streams.room)} streams`,
          },
          {
            label: 'Verified nodes',
            value: (
              <Link href="/provider/verification" className="link">
                {standings.filter((standing) => standing === 'verified').length} of {standings.length}
              </Link>
            ),
            hint: failed > 0 ? <span className="text-bad">{formatCount(failed)} failed a check</span> : 'none failed',
          },
          {
            label: 'Attempts in 24 h',
            value: formatCount(overview.attemptsLastDay),
            hint: (
              <>
                {formatCount(overview.faultsLastDay)} at fault
                {overview.declinesLastDay > 0 && `, ${formatCount(overview.declinesLastDay)} declined`} ·{' '}
                <Link href="/provider/jobs" className="link">
                  won &amp; lost
                </Link>
              </>
            ),
          },
          { label: 'Tokens out in 24 h', value: formatCount(overview.tokensOutLastDay) },
        ]}
      />
      <BreachForecasts forecast={forecast} />
      <BrokenPromises broken={broken} />
      {overview.recounts.length > 0 && (
        <Section
          title="Token counts that were too high"
          description="A node claimed more tokens than its text has. What is refunded is taken off what you are paid; if you think that the recount is wrong, both signatures are in the receipt."
        >
          <RecountsTable recounts={overview.recounts} />
        </Section>
      )}
      <Section title="Nodes">
        {nodes.length > 0 ? (
          <NodesTable nodes={nodes} />
        ) : (
          <EmptyState
            icon={Server}
            title="No node has joined yet"
            action={
              <ButtonLink href="/provider/list" tone="primary">
                List a node
              </ButtonLink>
            }
          >
            The wizard takes some minutes: one command on the machine, then its prices. No port needs to be open.
          </EmptyState>
        )}
      </Section>
      {open.length > 0 && (
        <Section title="Open join tokens" description="Each admits the node of its listing, once, before it expires.">
          <TokensTable tokens={open} disabledReason={adminOnlyReason(organisation)} />
        </Section>
      )}
      <EarningsTables earnings={earnings} />
    </>
  )
}

/** A check that failed costs work at once: it is said here, with what was found and what would fix it. */
function FailedNodes({ verification }: { verification: ProviderVerification }) {
  const failed = verification.filter(({ standing, onMarket }) => onMarket && standing === 'failed')
  if (failed.length === 0) return null
  return (
    <Notice tone="bad" className="mb-4">
      <p className="font-medium">These take no new requests and no new leases until their checks pass:</p>
      <ul className="mt-1 list-disc pl-5">
        {failed.map(({ id, name, checks }) => {
          const wrong = checks.find(({ verdict }) => verdict === 'invalid')
          return (
            <li key={id}>
              {name}: {wrong?.finding ?? 'a check has failed, and not all of them have passed since.'} {wrong?.fix}
            </li>
          )
        })}
      </ul>
      <Link href="/provider/verification" className="link">
        All checks, and when the next ones are
      </Link>
    </Notice>
  )
}

/** Of live nodes: what runs on them, and what could. */
function streamsOf(nodes: readonly ProviderNode[]): { active: number; room: number } {
  const measured = nodes.flatMap((node) => (node.live && node.measured ? [node.measured] : []))
  return {
    active: measured.reduce((sum, { activeStreams }) => sum + activeStreams, 0),
    room: measured.reduce((sum, { concurrencyMax }) => sum + concurrencyMax, 0),
  }
}
