/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "loader/memfd.h"

/*
 * A page and the descriptor its readers get: opened read-only, so that none of
 * them can map it writable. Mode 0600 keeps others from opening it again.
 */
static int
make_page(
    const char *name, size_t bytes, int *ret_rw, int *ret_ro, void **ret_map)
{
	int rw fd_cleanup = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int ro fd_cleanup = -1;
	char path[32];
	void *map;

	if (rw == -1 || ftruncate(rw, (off_t)bytes) == -1 ||
	    fchmod(rw, 0600) == -1 ||
	    fcntl(rw, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ==
		-1)
		return -errno;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", rw);
	ro = open(path, O_RDONLY | O_CLOEXEC);
	if (ro == -1)
		return -errno;
	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, rw, 0);
	if (map == MAP_FAILED)
		return -errno;
	*ret_rw = take_fd(&rw);
	*ret_ro = take_fd(&ro);
	*ret_map = map;
	return 0;
}

static int
make_nothing(int *ret)
{
	int fd fd_cleanup = memfd_new("nothing");
	int r = fd < 0 ? fd : memfd_seal(fd);

	if (r == 0)
		*ret = take_fd(&fd);
	return r;
}

int
pages_open(struct pages *p)
{
	int own fd_cleanup = -1;
	void *map;
	int r;

	r = make_page("loader", sizeof(*p->loader), &own, &p->loader_ro, &map);
	if (r < 0)
		return r;
	p->loader = map;
	r = make_page("monitor", sizeof(*p->monitor), &p->monitor_rw,
	    &p->monitor_ro, &map);
	if (r < 0)
		return r;
	p->monitor = map;
	r = make_page(
	    "store", sizeof(*p->store), &p->store_rw, &p->store_ro, &map);
	if (r < 0)
		return r;
	p->store = map;
	p->loader->magic = VITALS_MAGIC;
	p->loader->bytes = sizeof(*p->loader);
	p->loader->started_realtime_ns = realtime_ns();
	return make_nothing(&p->nothing);
}
