/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log itself: its key and checkpoint (from the folder when one is named,
 * else from the service, else from the default folder).
 */
#include <errno.h>
#include <string.h>

#include "store/ctl.h"
#include "store/ctl_text.h"
#include "store/log_read.h"

static int
cannot(const struct ctl_args *a, int r)
{
	(void)fprintf(stderr, "doorwardctl %s: %s: %s\n", a->command->name,
	    a->log,
	    r == -ENOENT    ? "there is no log, or nothing sealed in it"
	    : r == -EBADMSG ? "not a log of doorward"
			    : strerror(-r));
	return CTL_NO;
}

typedef int read_text(struct log_reader *r, char *buf, size_t cap);

static int
read_key(struct log_reader *r, char *buf, size_t cap)
{
	return log_vkey(r, buf, cap);
}

static int
read_checkpoint(struct log_reader *r, char *buf, size_t cap)
{
	size_t len;

	return log_checkpoint(r, buf, cap, &len);
}

static void
print_text(const struct ctl_args *a, const char *key, const char *text)
{
	json_t *o;

	if (!a->json) {
		(void)printf(
		    "%s%s", text, text[strlen(text) - 1] == '\n' ? "" : "\n");
		return;
	}
	o = json_pack("{s:b,s:s}", "ok", true, key, text);
	(void)json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	(void)printf("\n");
	json_decref(o);
}

static int
from_folder(const struct ctl_args *a, const char *key, read_text *read)
{
	char text[CHECKPOINT_BYTES_MAX + 1] = "";
	struct log_reader *reader = NULL;
	int r;

	r = log_open(a->log, true, &reader);
	if (r < 0)
		return cannot(a, r);
	r = log_begin(reader);
	if (r == 0) {
		r = read(reader, text, sizeof(text) - 1);
		log_end(reader);
	}
	log_close(&reader);
	if (r < 0 || *text == '\0')
		return cannot(a, r < 0 ? r : -ENOENT);
	print_text(a, key, text);
	return CTL_OK;
}

static int
show(const struct ctl_args *a, const char *key, read_text *read)
{
	json_t *reply = NULL;
	int r;

	if (a->log_given)
		return from_folder(a, key, read);
	r = ctl_ask_verb(a, key, &reply);
	if (r == CTL_OK && !a->json)
		print_text(a, key, text_member(reply, key));
	json_decref(reply);
	return r;
}

static int
run_key(const struct ctl_args *a)
{
	return show(a, "key", read_key);
}

static int
run_checkpoint(const struct ctl_args *a)
{
	return show(a, "checkpoint", read_checkpoint);
}

const struct ctl_command ctl_log_key_command = {
    .name = "log key",
    .words = "",
    .summary = "Prints the log's public key, one line: what an auditor pins.",
    .more = "Asks the service; with --log or $DOORWARD_LOG reads the folder.",
    .usage_exit = CTL_USAGE,
    .run = run_key,
};

const struct ctl_command ctl_log_checkpoint_command = {
    .name = "log checkpoint",
    .words = "",
    .summary = "Prints the newest signed checkpoint: keep it, and log verify "
	       "--have will\nprove that nothing before it was changed.",
    .more = "Asks the service; with --log or $DOORWARD_LOG reads the folder.",
    .usage_exit = CTL_USAGE,
    .run = run_checkpoint,
};
