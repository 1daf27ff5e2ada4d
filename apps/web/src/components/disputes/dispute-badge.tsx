/** Where a dispute stands: an icon and a word. */
import {
  CheckCheck,
  CircleX,
  FilePen,
  Gavel,
  Hourglass,
  MessageSquareReply,
  Scale,
  TimerOff,
  Users,
  type LucideIcon,
} from 'lucide-react'
import type { DisputeView } from '@isochrone/services'
import { Badge, type Tone } from '~/components/ui/badge.tsx'

export const disputeLooks: Record<DisputeView['state'], { icon: LucideIcon; word: string; tone: Tone; hint: string }> =
  {
    filed: { icon: FilePen, word: 'filed', tone: 'warn', hint: 'The provider can answer.' },
    answered: { icon: MessageSquareReply, word: 'answered', tone: 'accent', hint: 'A panel is drawn next.' },
    drawn: { icon: Users, word: 'with its panel', tone: 'accent', hint: 'Two of three arbiters decide.' },
    ruled: { icon: Gavel, word: 'ruled', tone: 'accent', hint: 'Either party can appeal.' },
    appealed: { icon: Scale, word: 'appealed', tone: 'warn', hint: 'Three other arbiters are drawn next.' },
    appeal_drawn: { icon: Users, word: 'on appeal', tone: 'accent', hint: 'Two of three other arbiters decide.' },
    appeal_ruled: { icon: Hourglass, word: 'ruled on appeal', tone: 'accent', hint: 'Executed by the next round.' },
    executed: {
      icon: CheckCheck,
      word: 'executed',
      tone: 'good',
      hint: 'The refund was paid as far as there was money.',
    },
    dismissed: { icon: CircleX, word: 'dismissed', tone: 'neutral', hint: 'Nothing refunded; the bond is lost.' },
    lapsed: { icon: TimerOff, word: 'lapsed', tone: 'neutral', hint: 'Nobody ruled in time; bonds went back.' },
  }

export function DisputeBadge({ state }: Pick<DisputeView, 'state'>) {
  const { icon, word, tone, hint } = disputeLooks[state]
  return (
    <Badge tone={tone} icon={icon} title={hint}>
      {word}
    </Badge>
  )
}
