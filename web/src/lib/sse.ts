// An event-stream parser after the HTML standard ("9.2.6 Interpreting an event stream").
// EventSource tells no status: a refusal, a sign-in that is wanted and a dead line are one to it. So the stream is read by fetch.

export interface ServerEvent {
  /** The event's name; "message" where the stream gives none. */
  type: string;
  data: string;
  lastEventId: string;
}

/**
 * Takes the bytes of a stream in pieces of any size and gives back the events that each piece completes.
 * A block that the stream's end cuts off is dropped, as the standard demands.
 */
export class SseParser {
  lastEventId = '';
  /** The reconnection time that the server last asked for, in milliseconds. */
  retryMs: number | undefined;

  // Decodes UTF-8 over chunk limits, takes off one leading byte order mark, replaces malformed bytes.
  private readonly decoder = new TextDecoder('utf-8');
  private unfinishedLine = '';
  private lastCharWasCr = false;
  private type = '';
  private data: string[] = [];
  private idBuffer = '';

  push(bytes: Uint8Array): ServerEvent[] {
    const events: ServerEvent[] = [];
    let text = this.decoder.decode(bytes, { stream: true });
    if (text === '') return events;
    // The LF of a CRLF may come with the next chunk; the line ended at the CR already.
    if (this.lastCharWasCr && text.startsWith('\n')) text = text.slice(1);
    this.lastCharWasCr = text.endsWith('\r');

    const lines = text.split(/\r\n|\n|\r/);
    lines[0] = this.unfinishedLine + lines[0]!;
    this.unfinishedLine = lines.pop()!;
    for (const line of lines) this.takeLine(line, events);
    return events;
  }

  private takeLine(line: string, events: ServerEvent[]): void {
    if (line === '') return this.dispatch(events);
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    this.takeField(field, value);
  }

  private takeField(field: string, value: string): void {
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.type = value;
    else if (field === 'id' && !value.includes('\0')) this.idBuffer = value;
    else if (field === 'retry' && /^[0-9]+$/.test(value)) this.retryMs = Number(value);
  }

  private dispatch(events: ServerEvent[]): void {
    this.lastEventId = this.idBuffer;
    if (this.data.length > 0) {
      events.push({ type: this.type || 'message', data: this.data.join('\n'), lastEventId: this.lastEventId });
    }
    this.data = [];
    this.type = '';
  }
}
