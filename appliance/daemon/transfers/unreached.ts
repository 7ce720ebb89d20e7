// What a download may get over by another try: nobody answered, the connection broke, the server is busy.

export class Unreached extends Error {
  override readonly name = 'Unreached';
  /** Seconds that the server asks to be left alone for. */
  readonly retryAfterS: number | null;

  constructor(
    message: string,
    { retryAfterS = null, ...options }: ErrorOptions & { retryAfterS?: number | null } = {},
  ) {
    super(message, options);
    this.retryAfterS = retryAfterS;
  }
}
