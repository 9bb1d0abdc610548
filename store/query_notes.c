/* SPDX-License-Identifier: Apache-2.0 */
/* The log's signed texts: its newest checkpoint and the key to pin. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/json_text.h"
#include "store/query.h"

static json_t *
refusal(int r)
{
	char text[160];
	json_t *reply = json_object();

	(void)snprintf(text, sizeof(text), "%s",
	    r == -ENOENT ? "the log holds nothing sealed yet" : strerror(-r));
	(void)json_object_set_new(reply, "ok", json_false());
	(void)json_object_set_new(reply, "error", json_string(text));
	return reply;
}

static json_t *
reply_with(const char *key, const char *text, size_t len)
{
	json_t *reply = json_object();

	(void)json_object_set_new(reply, "ok", json_true());
	(void)json_object_set_new(
	    reply, key, json_text((const uint8_t *)text, len));
	return reply;
}

static json_t *
checkpoint_of(struct log_reader *reader)
{
	char note[CHECKPOINT_BYTES_MAX];
	struct log_seal seal;
	json_t *reply;
	size_t len = 0;
	int r;

	r = log_checkpoint(reader, note, sizeof(note), &len);
	if (r == 0)
		r = log_last_seal(reader, &seal);
	if (r < 0)
		return refusal(r);
	reply = reply_with("checkpoint", note, len);
	(void)json_object_set_new(reply, "seal", json_unsigned(seal.n));
	(void)json_object_set_new(reply, "size", json_unsigned(seal.size));
	return reply;
}

/* What read makes of the log, within one reading transaction. */
static json_t *
from_log(struct query *q, json_t *(*read)(struct log_reader *))
{
	struct log_reader *reader;
	json_t *reply;
	int r = query_log(q);

	if (r < 0)
		return refusal(r);
	reader = log_source_reader(q->log);
	r = log_begin(reader);
	if (r < 0)
		return refusal(r);
	reply = read(reader);
	log_end(reader);
	return reply;
}

json_t *
checkpoint_reply(struct query *q)
{
	return from_log(q, checkpoint_of);
}

static json_t *
key_of(struct log_reader *reader)
{
	char origin[ORIGIN_BYTES_MAX + 1];
	char key[VKEY_BYTES_MAX];
	json_t *reply;
	int r;

	r = log_vkey(reader, key, sizeof(key));
	if (r == 0)
		r = log_origin(reader, origin, sizeof(origin));
	if (r < 0)
		return refusal(r);
	reply = reply_with("key", key, strlen(key));
	(void)json_object_set_new(reply, "origin",
	    json_text((const uint8_t *)origin, strlen(origin)));
	return reply;
}

json_t *
key_reply(struct query *q)
{
	return from_log(q, key_of);
}
