const pingAfter = 20_000; // nothing heard for so long
const answerWithin = 10_000; // so that a dead one is noticed within 30 s
const beat = 500;
const sleepIs = 5000; // a beat that comes so late: the machine slept, or the page did

/** What becomes of a socket, told to whoever opened it. After ended there is nothing more. */
export interface Ears {
  heard(data: unknown): void;
  /** opened says whether it was ever open: false means that the upgrade itself failed. */
  ended(code: number, opened: boolean): void;
}

/**
 * Socket is one WebSocket, and finds out by itself when it is dead: pages can't see the
 * protocol's own pings, and one that slept with its machine looks open for minutes.
 */
export class Socket {
  private readonly ws: WebSocket;
  private readonly heart: ReturnType<typeof setInterval>;
  private opened = false;
  private heardAt = Date.now();
  private beatAt = Date.now();
  private deadline: number | null = Date.now() + answerWithin; // for the first frame, as for the answer to a ping

  constructor(
    base: URL,
    credential: string | null,
    private readonly ears: Ears,
  ) {
    const address = new URL("ws", base);
    address.protocol = address.protocol.replace("http", "ws");
    // A token travels as a subprotocol entry: addresses end up in logs.
    this.ws = new WebSocket(address, credential === null ? ["parley.v1"] : ["parley.v1", `parley.token.${credential}`]);
    this.heart = setInterval(() => this.check(), beat);
    this.ws.onopen = () => (this.opened = true);
    this.ws.onmessage = (event: MessageEvent<unknown>) => {
      this.heardAt = Date.now();
      this.deadline = null;
      ears.heard(event.data);
    };
    this.ws.onclose = (event) => {
      this.deafen();
      ears.ended(event.code, this.opened);
    };
  }

  send(frame: string): void {
    this.ws.send(frame);
  }

  /** wake has the server prove soon that it is there: after what may have been a sleep. */
  wake(): void {
    this.ping(this.slept() ? 1000 : 3000);
  }

  /** close ends it on one's own account; nothing more is heard of it. */
  close(): void {
    this.deafen();
    this.ws.close();
  }

  /** drop gives it up as broken, without waiting for a server that may be out of reach. */
  drop(): void {
    this.close();
    this.ears.ended(1006, this.opened);
  }

  private check(): void {
    const now = Date.now();
    if (this.slept()) this.ping(1000);
    else if (this.deadline !== null) {
      if (now >= this.deadline) return this.drop();
    } else if (now - this.heardAt >= pingAfter) this.ping(answerWithin);
    this.beatAt = now;
  }

  private slept(): boolean {
    return Date.now() - this.beatAt >= sleepIs;
  }

  private ping(within: number): void {
    this.deadline = Date.now() + within;
    // Any frame is a sign of life, so nobody waits for this very answer.
    if (this.opened) this.ws.send('{"type":"ping","id":"alive"}');
  }

  private deafen(): void {
    clearInterval(this.heart);
    this.ws.onopen = this.ws.onmessage = this.ws.onclose = null;
  }
}
