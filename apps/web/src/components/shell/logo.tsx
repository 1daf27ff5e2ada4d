/** Lines of equal travel time around a point: what an isochrone is. */
export function Logo({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.6" aria-hidden className={className}>
      <circle cx="10" cy="13" r="1.4" fill="currentColor" stroke="none" />
      <path d="M10 9.2c2.6 0 4.2 1.5 4.2 3.6 0 2.3-1.7 4-4.2 4s-3.9-1.7-3.9-3.9c0-2.3 1.5-3.7 3.9-3.7Z" />
      <path
        d="M10.6 5.6c4.4-.3 7.6 2.5 7.6 6.7 0 4.6-3.3 8.2-8 8.2-4.6 0-7.7-3.2-7.7-7.5 0-4.4 3.3-7.1 8.1-7.4Z"
        opacity=".7"
      />
      <path d="M13.4 2.4c4.9.5 8.4 4 8.4 8.8 0 3.3-1.3 6-3.3 8.2" opacity=".4" />
    </svg>
  )
}
