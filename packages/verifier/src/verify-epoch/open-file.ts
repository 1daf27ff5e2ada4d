/** The bytes of a file, as often as asked for. */
export type OpenFile = () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>
