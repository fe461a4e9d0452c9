/* SHA-1 (RFC 3174), for the handshake alone: RFC 6455 §4.2.2 wants it. */
#include "csend.h"

#include <string.h>

static uint32_t rotate(uint32_t v, int n) {
	return v << n | v >> (32 - n);
}

static void block(uint32_t h[5], const uint8_t *b) {
	uint32_t w[80], v[5];
	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)b[4 * i] << 24 | (uint32_t)b[4 * i + 1] << 16 | (uint32_t)b[4 * i + 2] << 8 | b[4 * i + 3];
	for (int i = 16; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	memcpy(v, h, sizeof v);
	for (int i = 0; i < 80; i++) {
		uint32_t f = i < 20   ? (v[1] & v[2]) | (~v[1] & v[3])
		             : i < 40 ? v[1] ^ v[2] ^ v[3]
		             : i < 60 ? (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3])
		                      : v[1] ^ v[2] ^ v[3];
		static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
		uint32_t t = rotate(v[0], 5) + f + v[4] + k[i / 20] + w[i];
		v[4] = v[3];
		v[3] = v[2];
		v[2] = rotate(v[1], 30);
		v[1] = v[0];
		v[0] = t;
	}
	for (int i = 0; i < 5; i++)
		h[i] += v[i];
}

void sha1(const uint8_t *b, size_t n, uint8_t digest[20]) {
	uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	uint8_t last[128] = {0};
	size_t whole = n / 64 * 64, rest = n - whole, size = rest < 56 ? 64 : 128;
	for (size_t i = 0; i < whole; i += 64)
		block(h, b + i);
	memcpy(last, b + whole, rest);
	last[rest] = 0x80;
	for (int i = 0; i < 8; i++)
		last[size - 1 - (size_t)i] = (uint8_t)((uint64_t)n * 8 >> (8 * i));
	for (size_t i = 0; i < size; i += 64)
		block(h, last + i);
	for (int i = 0; i < 20; i++)
		digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}
