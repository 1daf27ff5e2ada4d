/** One node on offer: what it claims, what was measured, what it costs, and how to use its model. */
import type { Offer, OfferDetail, OfferHistory } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { HistoryCharts } from '~/components/offers/history-charts.tsx'
import {
  NetworkPassport,
  PromisesFacts,
  ReceiptsStanding,
  RecordsTable,
  VerificationLedger,
} from '~/components/offers/offer-evidence.tsx'
import { QuickStart } from '~/components/quick-start.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { LiveBadge, SimulatedBadge, SimulatedNetworkBadge } from '~/components/status.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Stats, type StatItem } from '~/components/ui/stat.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { servesDemoModel } from '~/lib/market/demo-model.ts'
import { addressOf, formatCount, formatMs, formatSeries, formatTokensPerSecond } from '~/lib/words/format.ts'
import { dataPolicyWords, tierWords, trustWords } from '~/lib/words/node-words.ts'
import { gatewayUrl } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'

export const metadata = { title: 'Offer' }

export default async function OfferPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const [offer, history] = await pageData(`/offers/${id}`, (api) =>
    Promise.all([api.marketplace.offer({ id }), api.marketplace.history({ id })]),
  )
  const model = offer.models[0]?.model
  return (
    <>
      <PageHeader
        trail={[{ href: '/', label: 'Marketplace' }]}
        title={offer.name}
        description={
          <>
            Offered by{' '}
            <Link className="link" href={`/providers/${offer.providerId}`}>
              {offer.providerName}
            </Link>
            , {offer.region} ({offer.country}).
          </>
        }
        badges={
          <>
            <LiveBadge live={offer.live} />
            {offer.simulated && <SimulatedBadge />}
            {offer.measured && offer.measured.simulatedRttMs !== null && <SimulatedNetworkBadge />}
          </>
        }
        actions={
          <>
            {offer.forLease && <ButtonLink href={`/leases/new?node=${offer.id}`}>Rent its GPUs</ButtonLink>}
            <LiveRefresh intervalMs={5_000} />
          </>
        }
      />
      {servesDemoModel(offer) && (
        <Notice className="mb-4">The demo model on this node has random weights, so it talks nonsense.</Notice>
      )}
      <Measurements offer={offer} history={history} />
      <Section
        title="Measured history"
        description="The last seven days by the hour, from delivery receipts that both sides signed."
      >
        <HistoryCharts hours={history.hours} span={history.span} promises={history.promises} />
      </Section>
      <div className="grid gap-x-6 lg:grid-cols-2">
        <Section title="Hardware" description="As the node’s agent declares it. A claim, until it is attested.">
          <Facts
            items={[
              ['Hardware', offer.hardware],
              ['GPU class', offer.gpuClass],
              ['Trust', <Declared key="t" words={trustWords[offer.trust]} />],
              offer.cpuCores !== null && ['CPU cores', formatCount(offer.cpuCores)],
              offer.memoryMib !== null && ['Memory', `${formatCount(offer.memoryMib)} MiB`],
              ...offer.gpus.map(
                (gpu) => [`${gpu.count} × ${gpu.name}`, `${formatCount(gpu.memoryMib)} MiB each`] as const,
              ),
              ['Node key', <Hash key="k" value={addressOf(offer.nodeId)} label="node key" />],
              ['On offer since', <Utc key="s" at={offer.createdAtMs} />],
            ]}
          />
        </Section>
        <Section title="Terms" description="Frozen by hash: a receipt names the terms under which it was priced.">
          <Facts
            items={[
              ['Tier', <Declared key="ti" words={tierWords[offer.tier]} />],
              ['Data policy', <Declared key="d" words={dataPolicyWords[offer.dataPolicy]} />],
              [
                'Input',
                <span key="i">
                  <Money microUsd={offer.prices.inMicroUsdPerMtok} /> per M tokens
                </span>,
              ],
              [
                'Cached input',
                <span key="c">
                  <Money microUsd={offer.prices.cachedMicroUsdPerMtok} /> per M tokens
                </span>,
              ],
              [
                'Output',
                <span key="o">
                  <Money microUsd={offer.prices.outMicroUsdPerMtok} /> per M tokens
                </span>,
              ],
              [
                'Bytes in',
                <span key="bi">
                  <Money microUsd={offer.prices.inMicroUsdPerGb} /> per GB
                </span>,
              ],
              [
                'Bytes out',
                <span key="bo">
                  <Money microUsd={offer.prices.outMicroUsdPerGb} /> per GB
                </span>,
              ],
              history.promises !== null &&
                history.promises.perGpuHourMicroUsd > 0n && [
                  'Lease',
                  <span key="l">
                    <Money microUsd={history.promises.perGpuHourMicroUsd} /> per GPU-hour
                  </span>,
                ],
              ['Terms', <Hash key="t" value={offer.termsHash} label="terms hash" />],
            ]}
          />
        </Section>
        <Section title="SLO" description="What these terms promise, and what a broken promise costs the provider.">
          <PromisesFacts promises={history.promises} />
        </Section>
        <Section
          title="Receipts’ standing"
          description="How far the money of the last day’s receipts has come on its way to the chain."
        >
          <ReceiptsStanding standing={history.standing} />
        </Section>
      </div>
      <Section
        title="Network passport"
        description="How far away the node can be at most, by round trips that witnesses signed: light is no slower for it."
      >
        <NetworkPassport witnesses={history.witnesses} />
      </Section>
      <Section
        title="Verification ledger"
        description="The newest verdict of each check, what it was judged by, and how long it holds."
      >
        <VerificationLedger verdicts={history.verdicts} earlierVerdicts={history.earlierVerdicts} />
      </Section>
      <Section title="Performance records" description="Its newest epochs: on the chain, open to challenge by anyone.">
        <RecordsTable records={history.records.map((record) => ({ ...record, nodeId: offer.nodeId }))} />
      </Section>
      <Models offer={offer} />
      {model && (
        <Section
          title="Use it"
          description="Requests name a model, not a node: each is placed where the answer arrives soonest for its price, which may be here."
        >
          <QuickStart gatewayUrl={await gatewayUrl()} model={model} />
        </Section>
      )}
    </>
  )
}

function Declared({ words }: { words: { label: string; help: string } }) {
  return (
    <>
      {words.label}
      <span className="block text-xs text-ink-3">{words.help}</span>
    </>
  )
}

function Measurements({ offer, history }: { offer: OfferDetail; history: OfferHistory }) {
  const { measured } = offer
  const receipts = [...receiptStats(history), ...gpuStats(offer, history)]
  if (!measured) {
    return (
      <>
        <Notice className="mb-4">Not linked to any gateway now; these are the figures of its last receipts.</Notice>
        <Stats items={receipts} />
      </>
    )
  }
  return (
    <Stats
      items={[
        ...receipts,
        {
          label: 'Network RTT',
          value: formatMs(measured.rttMs),
          hint:
            measured.simulatedRttMs === null
              ? 'gateway ↔ node'
              : `simulated network, ${formatMs(measured.simulatedRttMs)} added`,
        },
        {
          label: 'Free slots',
          value: `${formatCount(Math.max(0, measured.concurrencyMax - measured.activeStreams))} of ${formatCount(measured.concurrencyMax)}`,
          hint: `${formatCount(measured.queuedStreams)} queued`,
        },
        { label: 'Linked since, UTC', value: <Utc at={measured.linkedSinceMs} bare />, hint: measured.gatewayUrl },
      ]}
    />
  )
}

/** Nothing where it offers no GPUs for lease. */
function gpuStats({ forLease, live }: OfferDetail, { promises }: OfferHistory): StatItem[] {
  const perGpuHourMicroUsd = promises?.perGpuHourMicroUsd ?? 0n
  if (perGpuHourMicroUsd === 0n) return []
  const price = (
    <>
      for lease, <Money microUsd={perGpuHourMicroUsd} decimalsMin={2} /> an hour
    </>
  )
  if (forLease) {
    const value = `${formatCount(forLease.free)} of ${formatCount(forLease.gpus)}`
    return [{ label: 'GPUs free', value, hint: price }]
  }
  return [{ label: 'GPUs free', value: '—', hint: live ? 'it takes no new leases now' : 'not linked now' }]
}

/** Of the newest answers of a day. */
function receiptStats({ ttftP50Ms, ttftP95Ms, tokensPerSecond, effectiveMicroUsdPerMtok, samples }: OfferHistory) {
  const of = samples === 0 ? 'not measured in a day' : `${formatCount(samples)} receipts`
  return [
    { label: 'TTFT p50', value: formatMs(ttftP50Ms), hint: samples === 0 ? of : `p95 ${formatMs(ttftP95Ms)}` },
    { label: 'Tokens/s a stream', value: formatTokensPerSecond(tokensPerSecond), hint: of },
    {
      label: 'Effective $/M tokens',
      value:
        effectiveMicroUsdPerMtok === null ? '—' : formatSeries('usd_per_mtok', Number(effectiveMicroUsdPerMtok) / 1e6),
      hint: 'all that was billed, by accepted tokens',
    },
  ]
}

function Models({ offer }: { offer: Offer }) {
  if (offer.models.length === 0) return null
  return (
    <Section title="Models">
      <DataTable
        stacks
        label="Models"
        rows={offer.models}
        rowKey={(model) => model.model}
        columns={[
          { head: 'Model', className: 'font-medium', cell: (model) => model.model },
          { head: 'Quantisation', cell: (model) => model.quantisation },
          { head: 'Context, tokens', numeric: true, cell: (model) => formatCount(model.contextTokensMax) },
          { head: 'Timing', cell: (model) => (model.simulated ? <SimulatedBadge /> : 'a real engine') },
        ]}
      />
    </Section>
  )
}
