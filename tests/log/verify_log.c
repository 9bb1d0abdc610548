/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_log DIR-OR-FILE [KEYFILE [HAVE]]: the verifier alone, without
 * doorwardctl. Prints verdict and findings, ends with the verdict's exit code.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/verify.h"

static char *
read_text(const char *path)
{
	static char texts[2][4096];
	static unsigned int used;
	char *text = texts[used++ % 2];
	FILE *f = fopen(path, "re");
	size_t n;

	if (f == NULL) {
		perror(path);
		exit(VERIFY_EXIT_ERROR);
	}
	n = fread(text, 1, sizeof(texts[0]) - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	return text;
}

int
main(int argc, char **argv)
{
	static struct verify_report report;
	const char *path, *have;
	struct verify_options o = {.paths = &path, .npaths = 1};
	int r;

	if (argc < 2) {
		fprintf(stderr, "usage: verify_log DIR [KEYFILE [HAVE]]\n");
		return 2;
	}
	path = argv[1];
	if (argc > 2)
		o.key = read_text(argv[2]);
	if (argc > 3) {
		have = read_text(argv[3]);
		o.have = &have;
		o.nhave = 1;
	}
	r = verify_log(&o, &report);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
		return VERIFY_EXIT_ERROR;
	}
	printf("%s %s: %" PRIu64 " records, %" PRIu64 " seals\n",
	    verify_word(report.verdict), report.origin, report.records,
	    report.seals);
	for (size_t i = 0; i < report.nfindings; i++) {
		const struct verify_finding *f = &report.findings[i];

		printf("%s %d %" PRIu64 " %" PRIu64 " %s: %s\n",
		    verify_word(f->verdict), (int)f->place, f->first, f->last,
		    f->file, f->text);
	}
	for (size_t i = 0; i < report.nnotes; i++)
		printf("note: %s\n", report.notes[i]);
	return report.exit;
}
