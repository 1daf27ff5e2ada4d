'use client'
/**
 * Buttons and links that look like them. A disabled button keeps its focus and says why in its description, because a
 * control that is greyed out without a reason is a dead end.
 */
import { Link } from '~/components/ui/link.tsx'
import { useId, type ComponentProps, type ReactNode } from 'react'
import { cva, type VariantProps } from 'class-variance-authority'
import { LoaderCircle } from 'lucide-react'
import { cn } from '~/lib/cn.ts'

export const buttonStyle = cva(
  'inline-flex items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap transition-colors select-none aria-disabled:cursor-not-allowed aria-disabled:opacity-60',
  {
    variants: {
      tone: {
        primary: 'border-transparent bg-accent text-accent-ink not-aria-disabled:hover:bg-accent-hover',
        plain: 'border-line bg-raised text-ink not-aria-disabled:hover:bg-hover',
        quiet: 'border-transparent text-ink-2 not-aria-disabled:hover:bg-hover not-aria-disabled:hover:text-ink',
        danger: 'border-transparent bg-bad-solid text-white not-aria-disabled:hover:brightness-110',
      },
      size: { md: 'h-8 px-3 text-sm', sm: 'h-7 px-2 text-xs', lg: 'h-9 px-4 text-base', icon: 'size-8' },
    },
    defaultVariants: { tone: 'plain', size: 'md' },
  },
)

export type ButtonProps = Omit<ComponentProps<'button'>, 'disabled'> &
  VariantProps<typeof buttonStyle> & {
    /** Why it cannot be pressed now. Present means disabled. */
    disabledReason?: string | undefined
    /** Work is under way: the button waits and says so. */
    pending?: boolean | undefined
    children: ReactNode
  }

/** A button; `disabledReason` disables it and is read out and shown on hover. */
export function Button({
  tone,
  size,
  className,
  disabledReason,
  pending,
  children,
  onClick,
  type = 'button',
  ...rest
}: ButtonProps) {
  const reasonId = useId()
  const blocked = Boolean(disabledReason) || Boolean(pending)
  return (
    <>
      <button
        {...rest}
        type={blocked ? 'button' : type}
        aria-disabled={blocked || undefined}
        aria-busy={pending || undefined}
        aria-describedby={disabledReason ? reasonId : rest['aria-describedby']}
        title={disabledReason ?? rest.title}
        onClick={blocked ? (event) => event.preventDefault() : onClick}
        className={cn(buttonStyle({ tone, size }), className)}
      >
        {pending && <LoaderCircle aria-hidden className="size-3.5 animate-spin" />}
        {children}
      </button>
      {disabledReason && (
        <span id={reasonId} className="sr-only">
          {disabledReason}
        </span>
      )}
    </>
  )
}

export type ButtonLinkProps = ComponentProps<typeof Link> & VariantProps<typeof buttonStyle>

/** A link with the look of a button: for going somewhere, never for doing something. */
export function ButtonLink({ tone, size, className, ...rest }: ButtonLinkProps) {
  return <Link {...rest} className={cn(buttonStyle({ tone, size }), className)} />
}

export type ButtonAnchorProps = ComponentProps<'a'> & VariantProps<typeof buttonStyle>

/** {@link ButtonLink} for what is no page: a file to download. */
export function ButtonAnchor({ tone, size, className, ...rest }: ButtonAnchorProps) {
  return <a {...rest} className={cn(buttonStyle({ tone, size }), className)} />
}
