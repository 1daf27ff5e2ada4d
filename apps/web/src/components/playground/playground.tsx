'use client'
/** The playground: a conversation on the left, how it is asked for on the right, and what the answer was below. */
import { Link } from '~/components/ui/link.tsx'
import { useRef, useState, type KeyboardEvent } from 'react'
import { Button } from '~/components/ui/button.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Form } from '~/components/ui/form.tsx'
import type { PlaygroundModel } from '~/lib/market/playground-models.ts'
import { emptyWish, type PlaygroundWish } from '~/lib/market/playground-wish.ts'
import { AnswerPanel } from './answer-panel.tsx'
import { CodeDialog } from './code-dialog.tsx'
import { Conversation } from './conversation.tsx'
import { WishFields } from './wish-fields.tsx'
import { usePlayground } from './use-playground.ts'

export interface PlaygroundProps {
  models: readonly PlaygroundModel[]
  firstModel: string | undefined
  gatewayUrl: string
  /** Names of nodes, and of providers, by id. */
  nodeNames: Record<string, string>
  /** Members spend with a key that they were given. */
  needsOwnKey: boolean
  isFunded: boolean
}

export function Playground({ models, firstModel, gatewayUrl, nodeNames, needsOwnKey, isFunded }: PlaygroundProps) {
  const [wish, setWish] = useState<PlaygroundWish>(() => ({
    ...emptyWish,
    model: models.find(({ id }) => id === firstModel)?.id ?? models[0]?.id ?? '',
  }))
  const [prompt, setPrompt] = useState('')
  const [ownKey, setOwnKey] = useState('')
  const { turns, run, busy, send, stop, clear } = usePlayground()
  const area = useRef<HTMLTextAreaElement>(null)

  const blocked =
    models.length === 0
      ? 'No node serves a model now.'
      : needsOwnKey && ownKey.trim() === ''
        ? 'Paste an API key first: only owners and admins spend without one.'
        : prompt.trim() === ''
          ? 'Write something first.'
          : undefined
  async function ask(text: string) {
    setPrompt('')
    // What got no answer is there to be sent again, unless something else was typed meanwhile.
    if (!(await send(wish, text, ownKey.trim()))) setPrompt((typed) => (typed === '' ? text : typed))
  }
  function submit() {
    if (blocked || busy) return
    void ask(prompt.trim())
    area.current?.focus()
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return
    event.preventDefault()
    submit()
  }
  function onExample(text: string) {
    setPrompt(text)
    area.current?.focus()
  }
  return (
    <>
      {!isFunded && (
        <Notice tone="warn" className="mb-4">
          Nothing is available to spend, so requests are refused.{' '}
          <Link href="/balance" className="font-medium underline">
            Add funds
          </Link>
        </Notice>
      )}
      <div className="mb-8 grid gap-x-8 gap-y-6 xl:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="flex min-w-0 flex-col gap-3">
          <Conversation turns={turns} run={run} onExample={onExample} />
          <Form onSubmit={submit} className="flex flex-col gap-2">
            <label htmlFor="prompt" className="font-medium">
              Prompt
            </label>
            <textarea
              ref={area}
              id="prompt"
              rows={3}
              maxLength={64_000}
              value={prompt}
              onChange={(event) => setPrompt(event.target.value)}
              onKeyDown={onKeyDown}
              aria-describedby="prompt-note"
              className="w-full rounded-md border border-line-strong bg-raised px-2.5 py-1.5 text-sm text-ink placeholder:text-ink-3"
            />
            <div className="flex flex-wrap items-center gap-2">
              {busy ? (
                <Button onClick={stop}>Stop</Button>
              ) : (
                <Button type="submit" tone="primary" disabledReason={blocked}>
                  Send
                </Button>
              )}
              <CodeDialog gatewayUrl={gatewayUrl} wish={wish} turns={turns} prompt={prompt} />
              {turns.length > 0 && (
                <Button tone="quiet" onClick={clear}>
                  New conversation
                </Button>
              )}
              <p id="prompt-note" className="ml-auto text-xs text-ink-3">
                ⌘ Enter or Ctrl Enter sends.
              </p>
            </div>
          </Form>
        </div>
        <WishFields
          wish={wish}
          models={models}
          onChange={(change) => setWish((was) => ({ ...was, ...change }))}
          ownKey={ownKey}
          onOwnKey={setOwnKey}
          needsOwnKey={needsOwnKey}
        />
      </div>
      {run && <AnswerPanel run={run} nodeNames={nodeNames} />}
    </>
  )
}
