/**
 * newKey is a UUIDv7 (RFC 9562 §5.7): its time first, then chance. Not
 * crypto.randomUUID, which pages without TLS do not have.
 */
export function newKey(now: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(now / 2 ** 16));
  view.setUint16(4, now % 2 ** 16);
  view.setUint8(6, 0x70 | (view.getUint8(6) & 0x0f)); // version 7
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f)); // the variant of RFC 9562
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
