/** A bound in a filter bar: a short number with its label before it. */
import { inputStyle } from '~/components/ui/input-style.ts'
import { cn } from '~/lib/cn.ts'

export interface NumberInputProps {
  name: string
  label: string
  value: string | undefined
  /** Dollars rather than a whole number. */
  decimal?: boolean
}

export function NumberInput({ name, label, value, decimal }: NumberInputProps) {
  return (
    <label className="flex h-8 items-center gap-1.5 text-ink-2">
      {label}
      <input
        name={name}
        inputMode={decimal ? 'decimal' : 'numeric'}
        maxLength={12}
        defaultValue={value}
        autoComplete="off"
        className={cn(inputStyle, 'figures w-16')}
      />
    </label>
  )
}
