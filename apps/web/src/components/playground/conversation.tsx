/** What was said. Before the first word: what one could say. */
import { SquareTerminal } from 'lucide-react'
import { Button } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Hash } from '~/components/ui/values.tsx'
import type { Turn } from '~/lib/market/playground-wish.ts'
import { ownerWords } from '~/lib/page/result.ts'
import type { Run } from './use-playground.ts'

const examples = [
  'Explain in three sentences why latency grows with load.',
  'Write a haiku about the speed of light in fibre.',
  'List five questions to ask before renting a GPU.',
]

export interface ConversationProps {
  turns: readonly Turn[]
  run: Run | null
  onExample: (text: string) => void
}

export function Conversation({ turns, run, onExample }: ConversationProps) {
  const underWay = run?.state === 'waiting' || run?.state === 'streaming'
  return (
    <div className="flex flex-col gap-3">
      {turns.length === 0 && (
        <EmptyState
          icon={SquareTerminal}
          title="Ask a model something"
          action={examples.map((text) => (
            <Button key={text} size="sm" className="h-auto py-1 whitespace-normal" onClick={() => onExample(text)}>
              {text}
            </Button>
          ))}
        >
          The answer streams here. What it cost, who gave it and why stands below it.
        </EmptyState>
      )}
      {turns.length > 0 && (
        <ol aria-label="Conversation" className="flex flex-col gap-2">
          {turns.map((turn, index) => (
            <Said key={index} role={turn.role}>
              {turn.content}
            </Said>
          ))}
          {underWay && <Said role="assistant">{run.text === '' ? '…' : run.text}</Said>}
        </ol>
      )}
      <p role="status" className="text-xs text-ink-3">
        {run && stateWords[run.state]}
      </p>
      {run?.error && (
        <Notice tone="bad" live>
          <p>{run.error.message}</p>
          {run.error.suggestions.length > 0 && (
            <ul className="mt-1 list-disc pl-4">
              {run.error.suggestions.map((sentence) => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
          )}
          <p className="mt-0.5 text-xs">
            Owner: {ownerWords[run.error.owner as keyof typeof ownerWords] ?? run.error.owner} ({run.error.code})
            {run.error.requestId && (
              <>
                {' '}
                · Request id <Hash value={run.error.requestId} label="request id" />
              </>
            )}
          </p>
        </Notice>
      )}
    </div>
  )
}

const stateWords: Record<Run['state'], string> = {
  waiting: 'Waiting for the first token…',
  streaming: 'Streaming…',
  done: 'Complete.',
  stopped: 'Stopped. What came by then is billed.',
  failed: 'Failed.',
}

function Said({ role, children }: { role: Turn['role']; children: string }) {
  return (
    <li className={role === 'user' ? 'rounded-md bg-sunken px-3 py-2' : 'rounded-md border border-line px-3 py-2'}>
      <p className="text-xs text-ink-3">{role === 'user' ? 'You' : 'Model'}</p>
      <p className="break-words whitespace-pre-wrap">{children}</p>
    </li>
  )
}
