/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to struct compiled_header. No I/O: sources and the account files are in
 * memory, the result is too.
 */
#ifndef DOORWARD_DECIDER_POLICY_COMPILE_H
#define DOORWARD_DECIDER_POLICY_COMPILE_H

#include "ipc/wire/compiled.h"

#include "decider/policy_diag.h"

/* The texts of passwd(5) and group(5), for names of users and groups. */
struct policy_accounts {
	const char *passwd, *group;
	size_t passwd_len, group_len;
};

/* Looks a name up in the text of passwd(5) or group(5). 0, or -ENOENT. */
int policy_account_id(
    const char *text, size_t len, const char *name, uint32_t *ret_id);

/* The operations a word of the language means ("write", "change"); 0 if none.
 */
uint32_t policy_ops(const char *word);

/*
 * Compiles nsources (1..FILES_MAX) texts, each at most SOURCE_BYTES_MAX.
 * Everything there is to say goes to diags. 0 and *ret (the caller's, free();
 * it has passed compiled_check()), or -EINVAL with at least one error in diags.
 */
int policy_compile(const struct policy_source *sources, size_t nsources,
    const struct policy_accounts *accounts, struct policy_diags *diags,
    struct compiled_header **ret);

/*
 * Warnings about a policy that compiles: overlapping watches, rules that can
 * never match, excepts without effect, operations that cannot be blocked yet
 * and conditions not evaluated yet. Pure.
 */
void policy_lint(const struct compiled_header *c, struct policy_diags *diags);

/* "cannot be blocked yet: ..." for a rule, or NULL. out: DIAG_BYTES. */
const char *policy_rule_note(const struct compiled_header *c,
    const struct compiled_rule *rule, char *out);

/* Operations an open can ask about; the others have no permission event. */
#define POLICY_OPS_DECIDED (OP_READ | OP_WRITE | OP_EXEC | OP_TRUNCATE)

#endif
