'use client'
/** The same request for a terminal and for a program. No secret is in it: both read the key from the environment. */
import { useState } from 'react'
import { Button } from '~/components/ui/button.tsx'
import { CodeBlock } from '~/components/ui/code-block.tsx'
import { Dialog } from '~/components/ui/dialog.tsx'
import { curlOf, gatewayBodyOf, sdkOf, type PlaygroundWish, type Turn } from '~/lib/market/playground-wish.ts'

export interface CodeDialogProps {
  gatewayUrl: string
  wish: PlaygroundWish
  turns: readonly Turn[]
  prompt: string
}

export function CodeDialog({ gatewayUrl, wish, turns, prompt }: CodeDialogProps) {
  const [open, setOpen] = useState(false)
  const asked = turns.at(-1)?.role === 'assistant' ? turns.slice(0, -1) : turns
  const written: Turn[] = prompt.trim() === '' ? [...asked] : [...turns, { role: 'user', content: prompt.trim() }]
  const messages = written.length > 0 ? written : [{ role: 'user' as const, content: 'Hello' }]
  const body = gatewayBodyOf(wish, messages)
  return (
    <>
      <Button onClick={() => setOpen(true)}>Copy as code</Button>
      <Dialog open={open} onOpenChange={setOpen} title="The same request as code">
        <div className="flex flex-col gap-3">
          <CodeBlock label="curl" code={curlOf(gatewayUrl, body)} />
          <CodeBlock label="OpenAI’s library for Node" code={sdkOf(gatewayUrl, body)} />
        </div>
      </Dialog>
    </>
  )
}
