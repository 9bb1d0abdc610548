/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opens PATH FLAG[,FLAG...]: one open(2) with exactly these flags. Says "ok" or
 * the name of the errno. Exit 0 if it was opened, 1 if not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	int bits;
} known[] = {
    {"O_RDONLY", O_RDONLY},
    {"O_WRONLY", O_WRONLY},
    {"O_RDWR", O_RDWR},
    {"O_APPEND", O_APPEND},
    {"O_CREAT", O_CREAT},
    {"O_DIRECTORY", O_DIRECTORY},
    {"O_EXCL", O_EXCL},
    {"O_NOFOLLOW", O_NOFOLLOW},
    {"O_NONBLOCK", O_NONBLOCK},
    {"O_SYNC", O_SYNC},
    {"O_TRUNC", O_TRUNC},
};

static int
flags_of(const char *text)
{
	int flags = 0;

	for (;;) {
		size_t len = strcspn(text, ","), i = 0;

		while (i < sizeof(known) / sizeof(known[0]) &&
		       (strlen(known[i].name) != len ||
			   memcmp(known[i].name, text, len) != 0))
			i++;
		if (i == sizeof(known) / sizeof(known[0]))
			return -1;
		flags |= known[i].bits;
		if (text[len] == '\0')
			return flags;
		text += len + 1;
	}
}

int
main(int argc, char **argv)
{
	int flags = argc == 3 ? flags_of(argv[2]) : -1;
	int fd;

	if (flags == -1) {
		fprintf(stderr, "usage: opens PATH FLAG[,FLAG...]\n");
		return 2;
	}
	fd = open(argv[1], flags, 0644);
	if (fd == -1)
		printf("%s\n", strerrorname_np(errno));
	else
		printf("ok\n");
	return fd == -1 ? 1 : 0;
}
