/* SPDX-License-Identifier: Apache-2.0 */
#include "store/note.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#define DASH "\xe2\x80\x94 " /* U+2014 and a space */
#define DASH_BYTES 4
#define B64_HASH 45  /* base64 of 32 bytes and a NUL */
#define KEY_PARTS 33 /* type byte and key */

static void
to_base64(const uint8_t *bytes, size_t len, char *ret, size_t cap)
{
	sodium_bin2base64(ret, cap, bytes, len, sodium_base64_VARIANT_ORIGINAL);
}

#define RAW_MAX 1024

/*
 * Canonical base64 of at most RAW_MAX bytes. Written back and compared:
 * libsodium 1.0.18 takes some bytes above 0x7f for letters.
 */
static int
from_base64(
    const char *text, size_t len, uint8_t *ret, size_t cap, size_t *ret_len)
{
	char again[sodium_base64_ENCODED_LEN(
	    RAW_MAX, sodium_base64_VARIANT_ORIGINAL)];
	const char *end;

	if (cap > RAW_MAX ||
	    sodium_base642bin(ret, cap, text, len, NULL, ret_len, &end,
		sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    end != text + len)
		return -EBADMSG;
	to_base64(ret, *ret_len, again, sizeof(again));
	if (strlen(again) != len || memcmp(again, text, len) != 0)
		return -EBADMSG;
	return 0;
}

static int
from_base64_hash(const char *text, size_t len, uint8_t ret[HASH_BYTES])
{
	size_t got;

	if (from_base64(text, len, ret, HASH_BYTES, &got) < 0 ||
	    got != HASH_BYTES)
		return -EBADMSG;
	return 0;
}

/* Takes one line off the front; the newline is consumed, not returned. */
static int
take_line(const char **at, const char *end, const char **ret, size_t *ret_len)
{
	const char *nl = NULL;

	if (*at < end)
		nl = memchr(*at, '\n', (size_t)(end - *at));
	if (nl == NULL)
		return -EBADMSG;
	*ret = *at;
	*ret_len = (size_t)(nl - *at);
	*at = nl + 1;
	return 0;
}

/* Key names: no spaces, no plus, and for us no bytes beyond printable ASCII. */
static int
take_name(const char *bytes, size_t len, char *ret, size_t max)
{
	if (len == 0 || len > max)
		return -EBADMSG;
	for (size_t i = 0; i < len; i++)
		if (bytes[i] <= ' ' || bytes[i] > '~' || bytes[i] == '+')
			return -EBADMSG;
	memcpy(ret, bytes, len);
	ret[len] = '\0';
	return 0;
}

static int
take_decimal(const char *text, size_t len, uint64_t *ret)
{
	uint64_t n = 0;

	if (len == 0 || len > 19 || (text[0] == '0' && len > 1))
		return -EBADMSG;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EBADMSG;
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	if (n > INT64_MAX)
		return -EBADMSG;
	*ret = n;
	return 0;
}

void
note_key_id(const char *name, const uint8_t pk[HASH_BYTES], uint8_t ret[4])
{
	static const uint8_t sep[2] = {'\n', NOTE_ED25519};
	crypto_hash_sha256_state s;
	uint8_t hash[HASH_BYTES];

	crypto_hash_sha256_init(&s);
	crypto_hash_sha256_update(&s, (const uint8_t *)name, strlen(name));
	crypto_hash_sha256_update(&s, sep, sizeof(sep));
	crypto_hash_sha256_update(&s, pk, HASH_BYTES);
	crypto_hash_sha256_final(&s, hash);
	memcpy(ret, hash, 4);
}

int
vkey_format(const struct vkey *k, char *buf, size_t cap)
{
	uint8_t id[4], parts[KEY_PARTS];
	char b64[sodium_base64_ENCODED_LEN(
	    KEY_PARTS, sodium_base64_VARIANT_ORIGINAL)];
	int len;

	note_key_id(k->name, k->pk, id);
	parts[0] = NOTE_ED25519;
	memcpy(parts + 1, k->pk, HASH_BYTES);
	to_base64(parts, sizeof(parts), b64, sizeof(b64));
	len = snprintf(buf, cap, "%s+%02x%02x%02x%02x+%s", k->name, id[0],
	    id[1], id[2], id[3], b64);
	return len < 0 || (size_t)len >= cap ? -EMSGSIZE : 0;
}

int
vkey_parse(const char *text, size_t len, struct vkey *ret)
{
	uint8_t parts[KEY_PARTS];
	const char *plus, *key;
	char again[VKEY_BYTES_MAX + 1];
	struct vkey k;
	size_t got;

	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len == 0)
		return -EBADMSG;
	plus = memchr(text, '+', len);
	if (plus == NULL || len - (size_t)(plus - text) < 10 || plus[9] != '+')
		return -EBADMSG;
	key = plus + 10;
	if (take_name(text, (size_t)(plus - text), k.name, NOTE_NAME_MAX) < 0 ||
	    from_base64(key, len - (size_t)(key - text), parts, sizeof(parts),
		&got) < 0 ||
	    got != sizeof(parts) || parts[0] != NOTE_ED25519)
		return -EBADMSG;
	memcpy(k.pk, parts + 1, HASH_BYTES);
	/* The only accepted spelling is the one we would write. */
	if (vkey_format(&k, again, sizeof(again)) < 0 || strlen(again) != len ||
	    memcmp(again, text, len) != 0)
		return -EBADMSG;
	*ret = k;
	return 0;
}

void
note_name_genesis(const char *origin, char *ret)
{
	(void)snprintf(
	    ret, NOTE_NAME_MAX + 1, "%.*s/genesis", ORIGIN_BYTES_MAX, origin);
}

void
note_name_cert(const char *origin, uint64_t block, char *ret)
{
	(void)snprintf(ret, NOTE_NAME_MAX + 1, "%.*s/cert/%" PRIu64,
	    ORIGIN_BYTES_MAX, origin, block);
}

void
note_name_seal(const char *origin, uint64_t n, char *ret)
{
	(void)snprintf(ret, NOTE_NAME_MAX + 1, "%.*s/seal/%" PRIu64,
	    ORIGIN_BYTES_MAX, origin, n);
}

void
note_origin(const char *host, const uint8_t genesis_pk[HASH_BYTES], char *ret)
{
	uint8_t hash[HASH_BYTES];
	char name[256], hex[17];
	size_t len = strnlen(host, 255);

	if (len == 0) {
		host = "localhost";
		len = strlen(host);
	}
	for (size_t i = 0; i < len; i++) {
		char c = host[i];

		name[i] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				  (c >= '0' && c <= '9') || c == '.' || c == '-'
			      ? c
			      : '-';
	}
	name[len] = '\0';
	crypto_hash_sha256(hash, genesis_pk, HASH_BYTES);
	sodium_bin2hex(hex, sizeof(hex), hash, 8);
	(void)snprintf(ret, ORIGIN_BYTES_MAX + 1, "%s/doorward/%s", name, hex);
}

size_t
checkpoint_format(const struct checkpoint *c, char *buf)
{
	char root[B64_HASH];

	to_base64(c->root, HASH_BYTES, root, sizeof(root));
	return (size_t)snprintf(buf, NOTE_BYTES_MAX, "%s\n%" PRIu64 "\n%s\n",
	    c->origin, c->size, root);
}

int
checkpoint_parse(const char *text, size_t len, struct checkpoint *ret)
{
	const char *at = text, *end = text + len, *line;
	struct checkpoint c;
	size_t n;

	if (take_line(&at, end, &line, &n) < 0 ||
	    take_name(line, n, c.origin, ORIGIN_BYTES_MAX) < 0 ||
	    take_line(&at, end, &line, &n) < 0 ||
	    take_decimal(line, n, &c.size) < 0 ||
	    take_line(&at, end, &line, &n) < 0 ||
	    from_base64_hash(line, n, c.root) < 0 || at != end)
		return -EBADMSG;
	*ret = c;
	return 0;
}

size_t
key_note_format(const struct key_note *k, char *buf)
{
	char root[B64_HASH], cert[B64_HASH], identity[B64_HASH] = "";

	to_base64(k->root, HASH_BYTES, root, sizeof(root));
	to_base64(k->cert, HASH_BYTES, cert, sizeof(cert));
	if (k->block == 0)
		to_base64(k->identity, HASH_BYTES, identity, sizeof(identity));
	return (size_t)snprintf(buf, NOTE_BYTES_MAX,
	    "%s/keys\n%" PRIu64 "\n%s\n%s\n%s%s", k->origin, k->block, root,
	    cert, identity, k->block == 0 ? "\n" : "");
}

int
key_note_parse(const char *text, size_t len, struct key_note *ret)
{
	static const char suffix[] = "/keys";
	const size_t nsuffix = sizeof(suffix) - 1;
	const char *at = text, *end = text + len, *line;
	struct key_note k = {.block = 0};
	size_t n;

	if (take_line(&at, end, &line, &n) < 0 || n < nsuffix ||
	    memcmp(line + n - nsuffix, suffix, nsuffix) != 0 ||
	    take_name(line, n - nsuffix, k.origin, ORIGIN_BYTES_MAX) < 0 ||
	    take_line(&at, end, &line, &n) < 0 ||
	    take_decimal(line, n, &k.block) < 0 ||
	    take_line(&at, end, &line, &n) < 0 ||
	    from_base64_hash(line, n, k.root) < 0 ||
	    take_line(&at, end, &line, &n) < 0 ||
	    from_base64_hash(line, n, k.cert) < 0)
		return -EBADMSG;
	if (k.block == 0 && (take_line(&at, end, &line, &n) < 0 ||
				from_base64_hash(line, n, k.identity) < 0))
		return -EBADMSG;
	if (at != end)
		return -EBADMSG;
	*ret = k;
	return 0;
}

int
note_add_signature(char *buf, size_t cap, size_t *len, const char *name,
    const uint8_t pk[HASH_BYTES], const uint8_t sig[SIG_BYTES])
{
	uint8_t both[4 + SIG_BYTES];
	char b64[sodium_base64_ENCODED_LEN(
	    sizeof(both), sodium_base64_VARIANT_ORIGINAL)];
	bool first;
	int n;

	note_key_id(name, pk, both);
	memcpy(both + 4, sig, SIG_BYTES);
	to_base64(both, sizeof(both), b64, sizeof(b64));
	first = memmem(buf, *len, "\n\n", 2) == NULL;
	n = snprintf(buf + *len, cap - *len, "%s" DASH "%s %s\n",
	    first ? "\n" : "", name, b64);
	if (n < 0 || (size_t)n >= cap - *len)
		return -EMSGSIZE;
	*len += (size_t)n;
	return 0;
}

static int
parse_signature(const char *line, size_t len, struct note_signature *ret)
{
	uint8_t raw[RAW_MAX];
	const char *space;
	size_t got;

	if (len < DASH_BYTES || memcmp(line, DASH, DASH_BYTES) != 0)
		return -EBADMSG;
	line += DASH_BYTES;
	len -= DASH_BYTES;
	space = memchr(line, ' ', len);
	if (space == NULL || take_name(line, (size_t)(space - line), ret->name,
				 NOTE_NAME_MAX) < 0)
		return -EBADMSG;
	len -= (size_t)(space + 1 - line);
	if (from_base64(space + 1, len, raw, sizeof(raw), &got) < 0 || got < 5)
		return -EBADMSG;
	memcpy(ret->id, raw, 4);
	ret->sig_len = got - 4;
	memset(ret->sig, 0, SIG_BYTES);
	if (ret->sig_len == SIG_BYTES)
		memcpy(ret->sig, raw + 4, SIG_BYTES);
	return 0;
}

int
note_parse(const char *bytes, size_t len, struct note *ret)
{
	const char *blank, *at, *end = bytes + len, *line;
	size_t n;

	if (len == 0 || len > NOTE_BYTES_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)bytes[i] < 0x20 && bytes[i] != '\n')
			return -EBADMSG;
	blank = memmem(bytes, len, "\n\n", 2);
	if (blank == NULL)
		return -EBADMSG;
	ret->text_len = (size_t)(blank + 1 - bytes);
	ret->nsigs = 0;
	for (at = blank + 2; at < end;) {
		if (ret->nsigs == NOTE_SIGS_MAX ||
		    take_line(&at, end, &line, &n) < 0 ||
		    parse_signature(line, n, &ret->sigs[ret->nsigs]) < 0)
			return -EBADMSG;
		ret->nsigs++;
	}
	return ret->nsigs > 0 ? 0 : -EBADMSG;
}

int
note_verify(const char *bytes, const struct note *n, const char *name,
    const uint8_t pk[HASH_BYTES])
{
	uint8_t id[4];

	note_key_id(name, pk, id);
	for (size_t i = 0; i < n->nsigs; i++) {
		const struct note_signature *s = &n->sigs[i];

		if (strcmp(s->name, name) != 0 || memcmp(s->id, id, 4) != 0 ||
		    s->sig_len != SIG_BYTES)
			continue;
		return crypto_sign_verify_detached(
			   s->sig, (const uint8_t *)bytes, n->text_len, pk) == 0
			   ? 0
			   : -EBADMSG;
	}
	return -EBADMSG;
}
