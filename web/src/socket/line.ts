/** What becomes of a line, told to whoever opened it. After ended there is nothing more. */
export interface Ears {
  opened(): void;
  heard(data: unknown): void;
  /** opened says whether the line was ever open: false means that the upgrade itself failed. */
  ended(code: number, opened: boolean): void;
}

/** Line is one WebSocket to this page's own server. It moves frames and knows nothing of what they mean. */
export class Line {
  private readonly socket: WebSocket;
  private open = false;

  constructor(
    token: string | null,
    private readonly ears: Ears,
  ) {
    const address = new URL("ws", document.baseURI);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    address.search = address.hash = "";
    // A token travels as a subprotocol entry: addresses end up in logs.
    this.socket = token === null ? new WebSocket(address) : new WebSocket(address, [`parley.token.${token}`]);
    this.socket.onopen = () => {
      this.open = true;
      ears.opened();
    };
    this.socket.onmessage = (event: MessageEvent<unknown>) => ears.heard(event.data);
    this.socket.onclose = (event) => {
      this.deafen();
      ears.ended(event.code, this.open);
    };
  }

  send(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** close ends the line on one's own account; nothing more is heard of it. */
  close(): void {
    this.deafen();
    this.socket.close();
  }

  /** drop gives the line up as broken, without waiting for a server that may be out of reach. */
  drop(): void {
    this.close();
    this.ears.ended(1006, this.open);
  }

  private deafen(): void {
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
  }
}
