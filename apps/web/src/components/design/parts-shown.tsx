'use client'
/** What pages are put together from beyond one control: filters, settings, tracks of transactions, checks, the palette. */
import { useState } from 'react'
import { Anchor, Coins, PenLine } from 'lucide-react'
import { ChecksList } from '~/components/checks-list.tsx'
import { Select } from '~/components/disputes/select.tsx'
import { TextArea } from '~/components/disputes/text-area.tsx'
import { FilterBar } from '~/components/filter-bar.tsx'
import { CheckInput, SearchInput, SelectInput } from '~/components/filter-inputs.tsx'
import { Pager } from '~/components/pager.tsx'
import { PriceSpreadView } from '~/components/provider/listing/price-spread.tsx'
import { Track, TxMark } from '~/components/track.tsx'
import { Button } from '~/components/ui/button.tsx'
import { CopyButton } from '~/components/ui/copy-button.tsx'
import { DownloadButton } from '~/components/ui/download-button.tsx'
import { LeaveDialog } from '~/components/ui/leave-dialog.tsx'
import { LeaveUnanswered } from '~/components/ui/leave-unanswered.tsx'
import { Link } from '~/components/ui/link.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { SettingRow } from '~/components/ui/setting-row.tsx'

const hash = (digit: string) => `0x${digit.repeat(64)}`
const stages = ['signed', 'sent', 'included', 'final', 'failed', 'unknown'] as const

export function PartsShown() {
  return (
    <>
      <Section title="Filters and pages" description="Their state is the URL, so that it can be sent to somebody.">
        <FilterBar action="/design" label="Filter samples">
          <SearchInput name="q" label="Search samples" value={undefined} />
          <SelectInput
            name="gpu"
            label="GPU"
            any="All hardware"
            value={undefined}
            options={[
              { value: 'H200', label: 'H200 (12)' },
              { value: 'B200', label: 'B200 (3)' },
            ]}
          />
          <CheckInput name="live" label="Live only" checked={false} />
        </FilterBar>
        <Pager path="/design" search={{}} nextCursor="next" label="Pages of samples" />
      </Section>
      <Section title="Settings and words">
        <Settings />
      </Section>
      <Section
        title="Prices of a market"
        description="Each dot an offer, the box their middle half, the triangle one’s own."
      >
        <div className="grid gap-4 sm:grid-cols-3">
          <PriceSpreadView label="Output" values={[40_000n, 90_000n, 110_000n, 400_000n]} own={120_000n} />
          <PriceSpreadView label="Input" values={[20_000n]} own={2_000_000n} />
          <PriceSpreadView label="One GPU for an hour" values={[0n, 2_100_000n, 2_900_000n]} own={undefined} />
        </div>
      </Section>
      <Section
        title="Where money is"
        description="A step that is done, that is current, ahead or stopped, and its transactions."
      >
        <Track
          label="Settlement of a sample"
          txStages={{ [hash('a')]: 'final', [hash('b')]: 'included' }}
          steps={[
            { key: 'signed', icon: PenLine, word: 'signed', hint: 'By both.', state: 'done' },
            { key: 'anchored', icon: Anchor, word: 'anchored', state: 'done', hashes: [hash('a')] },
            { key: 'claimed', icon: Coins, word: 'claimed', state: 'current', hashes: [hash('b')] },
            { key: 'settled', icon: Coins, word: 'settled', state: 'ahead' },
            { key: 'refunded', icon: Coins, word: 'refunded', state: 'stopped', hint: 'A dispute froze it.' },
          ]}
        />
        <div className="flex flex-wrap gap-x-4 gap-y-2">
          {stages.map((stage, index) => (
            <TxMark key={stage} hash={hash(String(index))} label={`transaction, ${stage}`} stage={stage} />
          ))}
        </div>
      </Section>
      <Section title="Checks in the browser" description="While they run the list has its size already.">
        <div className="grid gap-4 lg:grid-cols-2">
          <ChecksList subject="sample" checks={null} names={['Signed by the node', 'In the epoch’s root']} />
          <ChecksList
            subject="sample"
            names={[]}
            checks={[
              { name: 'Signed by the node', verdict: 'valid', detail: 'Signature recovers to the node’s key.' },
              { name: 'Price follows from the terms', verdict: 'invalid', detail: '9 µUSD are billed, 8 are due.' },
              { name: 'In the epoch’s root', verdict: 'unverifiable', detail: 'The epoch is not closed yet.' },
            ]}
          />
        </div>
      </Section>
    </>
  )
}

function Settings() {
  const [words, setWords] = useState('')
  const [kind, setKind] = useState('text/plain')
  const [isUnanswered, setUnanswered] = useState(false)
  const isUnsaved = words !== ''
  return (
    <div className="grid max-w-3xl gap-4">
      <SettingRow title="A setting" help="What it does, and what happens without it.">
        {({ titleId }) => (
          <p aria-labelledby={titleId} className="text-ink-2">
            Its control stands here.
          </p>
        )}
      </SettingRow>
      <SettingRow title="One that was refused" help="What it does." error="A cap below every price leaves no offer.">
        {({ titleId }) => (
          <p aria-labelledby={titleId} className="text-ink-2">
            Its control stands here.
          </p>
        )}
      </SettingRow>
      <Select
        label="Handed in as"
        value={kind}
        onChange={setKind}
        options={[
          { value: 'text/plain', label: 'Text' },
          { value: 'application/json', label: 'JSON' },
        ]}
      />
      <TextArea
        label="Evidence"
        value={words}
        onChange={setWords}
        hint="Leaving this page with words in it asks first."
      />
      <TextArea label="Evidence of one letter too many" value={'a'.repeat(65_537)} onChange={() => {}} hint="" />
      <LeaveDialog active={isUnsaved} title="Leave without handing it in?" description="What you wrote is not kept." />
      <LeaveUnanswered active={isUnanswered && !isUnsaved} done="paid" />
      <div className="flex flex-wrap items-center gap-3">
        <Button aria-pressed={isUnanswered} onClick={() => setUnanswered(!isUnanswered)}>
          {isUnanswered ? 'Answer what was sent' : 'Send what nobody answers: leaving asks first'}
        </Button>
        <Button
          onClick={() =>
            document.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', metaKey: true, bubbles: true }))
          }
        >
          Open the palette, as ⌘K does
        </Button>
        <CopyButton value="copied" label="sample" withText />
        <DownloadButton fileName="sample.csv" text={'a,b\n1,2\n'}>
          CSV
        </DownloadButton>
        <Link className="link" href="/">
          A link in a sentence
        </Link>
      </div>
    </div>
  )
}
